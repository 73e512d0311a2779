import type { LiveToken } from './principal-of.ts'
import type { Owned } from './principal.ts'
import type { Role } from './roles.ts'
import type { KnownUser } from './standing.ts'

type Place = Pick<Owned, 'teamId' | 'visibility'>

export type ItemKind = 'tool' | 'prompt' | 'resource'

/** A gateway as far as access is concerned. */
export interface OfferingThing extends Owned {
  readonly id: string
  readonly name: string
  readonly enabled: boolean
}

/** A tool, a prompt or a resource as far as access is concerned; a resource goes by its URI. */
export interface OfferedThing extends Owned {
  readonly id: string
  readonly kind: ItemKind
  readonly name: string
  readonly gatewayId: string
  readonly enabled: boolean
}

/** A virtual server as far as access is concerned. */
export interface SelectingThing extends Owned {
  readonly id: string
  readonly name: string
  readonly enabled: boolean
  /** Ids of all that it selects. */
  readonly items: ReadonlySet<string>
}

/**
 * What would be, or was, other than it is in a snapshot: by id, null where there is none. What is not named is as it is. Nothing that
 * decides access is left out, so the function that decides can be asked about this as about what is.
 */
export interface Otherwise {
  readonly users?: ReadonlyMap<string, KnownUser | null>
  readonly roles?: ReadonlyMap<string, Role | null>
  /** Whether there is the team. */
  readonly teams?: ReadonlyMap<string, boolean>
  readonly tokens?: ReadonlyMap<string, LiveToken | null>
  readonly gateways?: ReadonlyMap<string, OfferingThing | null>
  readonly items?: ReadonlyMap<string, OfferedThing | null>
  readonly servers?: ReadonlyMap<string, SelectingThing | null>
  /** Where what a gateway offers stands instead, by the gateway's id; an item that is named itself is as it is named. */
  readonly moved?: ReadonlyMap<string, (item: Place) => Place>
}

/** All of it at once; of what is said twice, the last. */
export function together(all: readonly Otherwise[]): Required<Otherwise> {
  const of = <Part extends keyof Otherwise>(part: Part): Required<Otherwise>[Part] =>
    new Map(all.flatMap((one) => [...(one[part] ?? [])] as [string, never][]))
  return {
    users: of('users'),
    roles: of('roles'),
    teams: of('teams'),
    tokens: of('tokens'),
    gateways: of('gateways'),
    items: of('items'),
    servers: of('servers'),
    moved: of('moved'),
  }
}

/** Where what a gateway offers stands once the gateway stands elsewhere: in its team, and seen as it is where it was before. */
export function movedAlong(from: Place, to: Place): (item: Place) => Place {
  return ({ visibility }) => {
    const follows = visibility === from.visibility || (to.teamId === null && visibility === 'team')
    return { teamId: to.teamId, visibility: follows ? to.visibility : visibility }
  }
}

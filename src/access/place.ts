import { GatewayError } from '#/errors/gateway-error.ts'
import { decide, holdsInPlatform } from './decide.ts'
import { TeamId } from './ids.ts'
import type { Permission } from './permissions.ts'
import type { Owned, Principal, Visibility } from './principal.ts'
import { personalTeam } from './standing.ts'

/** What a request says of where a thing is to stand. Left out: as it is, or where such things stand by themselves. */
export interface AskedPlace {
  readonly teamId?: string | null | undefined
  readonly visibility?: Visibility | undefined
}

/**
 * Where a new thing stands, checked. Who may make such things in the platform makes them public and in no team unless told otherwise;
 * everybody else for a team, the personal one unless told otherwise.
 */
export function newPlace(principal: Principal, permission: Permission, asked: AskedPlace): Owned {
  const place = {
    ownerId: principal.userId,
    teamId: teamOf(principal, asked.teamId) ?? homeTeam(principal, permission),
    visibility: asked.visibility ?? (holdsInPlatform(principal, permission) ? 'public' : 'team'),
  }
  requirePlace(principal, permission, { from: null, to: place })
  return place
}

/** The team of a new thing of which no team is said. */
export function homeTeam(principal: Principal, permission: Permission): TeamId | null {
  return principal.teamId ?? (holdsInPlatform(principal, permission) ? null : personalTeam(principal.userId))
}

/** Where a thing stands after a change; only what is altered is checked. The owner stays. */
export function movedPlace(
  principal: Principal,
  permission: Permission,
  { from, asked }: { readonly from: Owned; readonly asked: AskedPlace },
): Owned {
  const { ownerId } = from
  const given = teamOf(principal, asked.teamId)
  const place = {
    ownerId,
    teamId: given === undefined ? from.teamId : given,
    visibility: asked.visibility ?? from.visibility,
  }
  if (place.teamId === from.teamId && place.visibility === from.visibility) return place
  requirePlace(principal, permission, { from, to: place })
  return place
}

interface Move {
  /** null: it is new. */
  readonly from: Owned | null
  readonly to: Owned
}

function requirePlace(principal: Principal, permission: Permission, { from, to }: Move): void {
  if (to.visibility === 'team' && to.teamId === null)
    throw invalid('visibility', 'team needs a team: say which one with team_id')
  const decision = decide(principal, permission, to)
  if (!decision.may && decision.why === 'unseen')
    throw invalid('visibility', 'this would hide it from you: it belongs to somebody else')
  if (!decision.may)
    throw new GatewayError('forbidden', `this needs the permission ${permission} ${where(to)}`, { field: 'team_id' })
  const isPublished = to.visibility === 'public' && from?.visibility !== 'public'
  if (!isPublished || holdsInPlatform(principal, permission)) return
  const message = `showing something to everybody needs ${permission} under a role in the platform; choose team or private`
  throw new GatewayError('forbidden', message, { field: 'visibility' })
}

const where = ({ teamId }: Owned): string =>
  teamId === null ? 'in the platform: say a team_id of yours' : 'in that team'

/** undefined: nothing is said of it. A team that somebody is not in is none, as far as it is concerned. */
function teamOf({ visibilityClass }: Principal, asked: string | null | undefined): TeamId | null | undefined {
  if (asked === undefined || asked === null) return asked
  const { isAdmin, teams, teamId } = visibilityClass.sight
  const isKnown = TeamId.is(asked) && (teamId === null ? isAdmin || teams.includes(asked) : asked === teamId)
  if (!isKnown) throw invalid('team_id', 'there is no such team')
  return asked
}

function invalid(field: string, why: string): GatewayError {
  return new GatewayError('invalid_field', `${field}: ${why}`, { field })
}

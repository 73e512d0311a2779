import type { GatewayId, UserId } from '#/access/ids.ts'
import type { Owned, VisibilityClass } from '#/access/principal.ts'
import type { Sight } from '#/access/visibility.ts'
import type { Actor, Changed } from '#/api/actor.ts'
import type { Idempotency } from '#/api/endpoint.ts'
import type { Remembered } from '#/api/idempotency.ts'
import type { Page, PageRequest } from '#/api/paging.ts'
import type { Place } from '#/api/place.ts'
import type { PlaceReader } from '#/api/placed.ts'
import type { Diff, Known } from './apply-discovery.ts'
import type { Discovery } from './discovery.ts'
import type { Declaration, Gateway } from './gateway.ts'

export interface GatewayFilter {
  readonly tags: readonly string[] | null
  readonly visibility: string | null
}

/** Names that are in use below a prefix, for tools and for prompts. */
export interface TakenNames {
  readonly tools: ReadonlySet<string>
  readonly prompts: ReadonlySet<string>
}

export interface BeforeCreate {
  /** By one that is seen. */
  readonly slugTaken: boolean
  readonly remembered: Remembered | undefined
  readonly taken: TakenNames
}

export interface GatewayReader extends PlaceReader<GatewayId> {
  page(request: PageRequest, filter: GatewayFilter): Promise<Page<Gateway>>
  /** undefined: there is none, or it is not seen by these. Which of the two is decided before anything of it is read. */
  seen(id: GatewayId, by: VisibilityClass): Promise<Gateway | undefined>
  /** For what is known to be seen. All who ask at the same time share a statement, here, in `seen` and `known`. */
  byId(id: GatewayId): Promise<Gateway | undefined>
  /** Whether a slug is taken, what an earlier create with this key left, and the names that are taken: one statement. */
  beforeCreate(asked: BeforeAsked): Promise<BeforeCreate>
  /** Whether another one that is seen has the slug. */
  slugTaken(slug: string, of: { readonly sight: Sight; readonly except: GatewayId }): Promise<boolean>
  /** What is stored of a gateway's items, and the names that new ones must not take. */
  known(id: GatewayId, asked: NamesAsked): Promise<{ readonly known: Known; readonly taken: TakenNames }>
  /** What a gateway offers under names that others have which all see who would see it at that place. */
  doubled(id: GatewayId, place: Owned): Promise<Record<'tools' | 'prompts', readonly Doubled[]>>
}

/** Which names are taken: those below a prefix among what all see who see what stands at that place. */
export interface NamesAsked {
  readonly prefix: string
  readonly place: Owned
}

interface BeforeAsked extends NamesAsked {
  readonly slug: string
  readonly sight: Sight
  readonly userId: UserId
  /** Of the request; null: it has none. */
  readonly key: string | null
}

interface Doubled {
  readonly id: string
  /** What its operator calls it. */
  readonly key: string
  readonly name: string
}

/** Names for the items of a diff that are new, by original name. */
export interface GivenNames {
  readonly tools: ReadonlyMap<string, string>
  readonly prompts: ReadonlyMap<string, string>
}

/** What was seen of an upstream: a whole discovery with what it changes, or why there was none. */
export type Observation =
  | { readonly kind: 'found'; readonly discovery: Discovery; readonly diff: Diff; readonly names: GivenNames }
  | { readonly kind: 'unreachable'; readonly error: string }

export type { Actor, Changed }

export interface NewGateway {
  readonly id: GatewayId
  readonly declaration: Declaration
  readonly observation: Observation
  /** Seconds until it is looked after again. */
  readonly nextCheckIn: number
  readonly idempotency: Idempotency | null
}

export interface GatewayChange {
  readonly id: GatewayId
  readonly declaration: Declaration
  /** Names of what is declared anew, for the audit log. */
  readonly changed: readonly string[]
  readonly ifMatch: number | null
  /** null: nothing about the connection changed, so the upstream was not asked. */
  readonly observation: Observation | null
  /** Another URL, so another server: what was learned of the old one holds no longer. */
  readonly moved: boolean
  readonly nextCheckIn: number
  /** New names of tools and prompts, by id; null: all keep theirs. */
  readonly renamed: readonly { readonly id: string; readonly name: string }[] | null
  /** Where it stood before, if it moves: its items follow to the new team, and those that were seen by the same to the new visibility. */
  readonly placeBefore: Place | null
}

export interface GatewayWriter {
  /** Throws `conflict` with the constraint in its data where slug, a name or the idempotency key is taken. */
  create(gateway: NewGateway, actor: Actor): Promise<Changed & { readonly gateway: Gateway }>
  /** undefined: no such row, or it has another version than If-Match says. */
  update(change: GatewayChange, actor: Actor): Promise<Changed | undefined>
  remove(id: GatewayId, ifMatch: number | null, actor: Actor): Promise<Changed | undefined>
  setEnabled(
    id: GatewayId,
    set: { readonly enabled: boolean; readonly ifMatch: number | null },
    actor: Actor,
  ): Promise<Changed | undefined>
  /** What a re-discovery found. undefined: the gateway was changed or looked at by somebody else since `seen`. */
  applied(refresh: Refreshed): Promise<Changed | undefined>
}

/** A gateway as it was before it was asked: an answer to an older question must not undo a newer one. */
export interface Seen {
  readonly id: GatewayId
  readonly version: number
  readonly lastRefreshAt: string | null
}

export interface Refreshed {
  readonly seen: Seen
  readonly observation: Observation & { readonly kind: 'found' }
  readonly nextCheckIn: number
  /** Who asked for it; null: our own care, which leaves no audit record unless something went. */
  readonly actor: Actor | null
}

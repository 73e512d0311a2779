import type { ServerId, UserId } from '#/access/ids.ts'
import type { Owned, VisibilityClass } from '#/access/principal.ts'
import type { Actor, Changed, WriteTo } from '#/api/actor.ts'
import type { Totals } from '#/api/call-totals.ts'
import type { Foresee } from '#/api/dry-run.ts'
import type { Idempotency } from '#/api/endpoint.ts'
import type { Remembered } from '#/api/idempotency.ts'
import type { Page, PageRequest } from '#/api/paging.ts'
import type { PlaceReader } from '#/api/placed.ts'
import type { Provenance } from '#/api/provenance.ts'
import type { Tag } from '#/api/tags.ts'

export type ItemKind = 'tool' | 'prompt' | 'resource'

/** One item of a virtual server; name and description are what this server says of it; null: the item's own. */
export interface Selected {
  readonly kind: ItemKind
  readonly id: string
  readonly name: string | null
  readonly description: string | null
}

/** An item as it is stored: with the name that the aggregate knows it by. */
export interface StoredSelected extends Selected, Owned {
  readonly ownName: string
  readonly enabled: boolean
}

/** What an operator says of a virtual server. */
export interface ServerDeclaration {
  readonly name: string
  readonly description: string | null
  readonly icon: string | null
  readonly tags: readonly Tag[]
  readonly teamId: Owned['teamId']
  readonly visibility: Owned['visibility']
}

export interface Server extends ServerDeclaration, Owned {
  readonly id: ServerId
  readonly enabled: boolean
  readonly items: readonly StoredSelected[]
  readonly ownerEmail: string | null
  readonly version: number
  readonly createdAt: string
  readonly updatedAt: string
  readonly created: Partial<Provenance>
  readonly modified: Partial<Provenance>
}

export interface ServerFilter {
  readonly tags: readonly string[] | null
  readonly visibility: string | null
  readonly teamId: string | null
}

/** An item that may be selected. */
export interface Selectable extends Owned {
  readonly kind: ItemKind
  readonly id: string
  readonly name: string
}

/** What a virtual server is to be called, and where. */
export interface ServerName {
  readonly id: ServerId
  readonly name: string
  readonly ownerId: UserId | null
  readonly teamId: Owned['teamId']
}

export interface ServerReader extends PlaceReader<ServerId> {
  page(request: PageRequest, filter: ServerFilter): Promise<Page<Server>>
  /** undefined: there is none, or it is not seen by these. Which of the two is decided before anything of it is read. */
  seen(id: ServerId, by: VisibilityClass): Promise<Server | undefined>
  /** Who sees what its owner calls so in this team already; undefined: nothing that these see. */
  calledSo(wanted: ServerName, by: VisibilityClass): Promise<Owned['visibility'] | undefined>
  /** For what is known to be seen. */
  byId(id: ServerId): Promise<Server | undefined>
  /** What exists of these items: one statement. */
  selectable(ids: readonly string[]): Promise<readonly Selectable[]>
  remembered(userId: UserId, key: string): Promise<Remembered | undefined>
  /** What was counted of calls through these, by id; those that had none are not there. */
  totals(ids: readonly string[]): Promise<ReadonlyMap<string, Totals>>
}

export interface NewServer {
  readonly id: ServerId
  readonly declaration: ServerDeclaration
  readonly items: readonly Selected[]
  readonly idempotency: Idempotency | null
}

export interface ServerChange {
  readonly declaration: ServerDeclaration
  /** The whole selection; null: it stays. */
  readonly items: readonly Selected[] | null
}

export interface ServerWriter {
  /** Throws `conflict` with the constraint in its data where id, name or idempotency key is taken. */
  create(server: NewServer, actor: Actor): Promise<Changed>
  /** undefined: no such server, or another version. */
  update(id: ServerId, change: ServerChange, to: WriteTo): Promise<Changed | undefined>
  setEnabled(id: ServerId, enabled: boolean, to: WriteTo): Promise<Changed | undefined>
  remove(id: ServerId, to: WriteTo): Promise<Changed | undefined>
  /** Forgets what was counted of it. */
  purge(id: ServerId): Promise<void>
}

export interface ServerDeps {
  readonly store: ServerReader & ServerWriter
  /** Takes back what it writes. */
  readonly rehearsal: ServerWriter
  /** Answers what a change would do. */
  readonly foresee: Foresee
  readonly settled: (seq: number | null) => Promise<void>
}

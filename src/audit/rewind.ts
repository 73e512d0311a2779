import type { ItemKind, OfferedThing, OfferingThing, Otherwise, SelectingThing } from '#/access/otherwise.ts'
import type { LiveToken } from '#/access/principal-of.ts'
import type { Role } from '#/access/roles.ts'
import type { KnownUser } from '#/access/standing.ts'
import { instead, itemIn, selectionIn } from '#/catalog/effect-side.ts'
import type { Snapshot } from '#/catalog/snapshot.ts'
import type { AuditRecord } from './audit.ts'

type Kept<T> = Map<string, T | null>

/** A state that is taken back from a snapshot step by step: what is not named in it is as in the snapshot. */
export class Rewind implements Otherwise {
  readonly snapshot: Snapshot
  readonly kind: ItemKind
  readonly users: Kept<KnownUser> = new Map()
  readonly roles: Kept<Role> = new Map()
  readonly teams = new Map<string, boolean>()
  readonly tokens: Kept<LiveToken> = new Map()
  readonly gateways: Kept<OfferingThing> = new Map()
  readonly items: Kept<OfferedThing> = new Map()
  readonly servers: Kept<SelectingThing> = new Map()
  /** Where the records do not suffice. */
  readonly notes = new Set<string>()

  constructor(snapshot: Snapshot, kind: ItemKind) {
    this.snapshot = snapshot
    this.kind = kind
  }

  user(id: string): KnownUser | null {
    return instead(this.users, id, () => this.snapshot.user(id)) ?? null
  }

  role(id: string): Role | null {
    return instead(this.roles, id, () => this.snapshot.role(id as Role['id'])) ?? null
  }

  gateway(id: string): OfferingThing | null {
    return instead(this.gateways, id, () => this.snapshot.gateway(id)) ?? null
  }

  item(id: string): OfferedThing | null {
    return instead(this.items, id, () => itemIn(this.snapshot, id)) ?? null
  }

  server(id: string): SelectingThing | null {
    return instead(this.servers, id, () => selectionIn(this.snapshot, id)) ?? null
  }

  /** Says that the state before this record is not known, and why. */
  unclear({ seq, at, action }: AuditRecord, why: string): void {
    this.notes.add(`number ${seq} of the record, ${action} at ${at.toISOString()}: ${why}`)
  }
}

/** How one record is taken back. `detail` is what it says. */
export type Undo = (state: Rewind, record: AuditRecord, detail: Detail) => void | Promise<void>
export type Detail = Readonly<Record<string, unknown>>

/** What a record says of how it was; undefined: it was written before records said so. */
export const wasIn = (detail: Detail): Detail | undefined => detail['was'] as Detail | undefined
export const UNSAID = 'the record is of a time when it did not say how it was before'

import type { ItemKind } from '#/access/otherwise.ts'
import type { Snapshot } from '#/catalog/snapshot.ts'
import type { ChainLink, NextHead } from './chain-walk.ts'
import type { OpenAuditKey, Seals } from './seals.ts'
import type { SecurityReader } from './security.ts'
import type { Witness } from './witness.ts'

/** One administrative change: who did what to which thing. `detail` is JSON, exactly as it was hashed. */
export interface AuditRecord {
  /** The change clock's number; numbers have gaps where a change of the catalog was no administrative one. */
  readonly seq: number
  readonly at: Date
  readonly actor: string
  readonly action: string
  readonly targetKind: string
  readonly targetId: string
  readonly detail: string
}

/** A record as it is chained. */
export type ChainedRecord = AuditRecord & ChainLink

/** Which records are wanted; what is absent does not matter. */
export interface AuditFilter {
  readonly actor?: string | undefined
  /** An action such as `gateways.update`, or its noun. */
  readonly action?: string | undefined
  readonly targetKind?: string | undefined
  readonly targetId?: string | undefined
  /** Included. */
  readonly since?: Date | undefined
  /** Not included. */
  readonly until?: Date | undefined
}

/** The action of the record that says which records were forgotten. */
export type ForgettingAction = 'audit.forget'

/** How far the log was forgotten: its chain goes on from `head`. */
export interface ForgottenRecords {
  readonly through: number
  readonly head: Buffer
  /** The seal of the newest of them; null: it was not sealed. */
  readonly sealed: { readonly seal: Buffer; readonly keyId: string } | null
}

/** Where the sealed chain ends, as the change clock says. */
export interface SealedEnd {
  /** The number of the newest record. */
  readonly seq: number
  /** null: the log is not sealed. */
  readonly state: Buffer | null
  readonly keyId: string | null
}

/** A key that records are sealed with, as it lies in the database. */
export interface SealedKey {
  readonly id: string
  readonly sealed: string
}

/** What reading and checking the audit log needs of storage. */
export interface AuditReader {
  /** Newest first, older than `before` (null: from the newest). */
  page(filter: AuditFilter, before: number | null, limit: number): Promise<readonly AuditRecord[]>
  /** The head and the number that the change clock holds, the newest record's number, and how far was forgotten, at one moment. */
  tip(): Promise<{
    readonly head: Buffer
    readonly seq: number | null
    readonly clock: number
    /** Numbers that the clock gave away since the newest record and that left no change of the catalog either. */
    readonly untraced: number
    readonly sealed: SealedEnd
    readonly forgotten: ForgottenRecords | null
  }>
  /** Oldest first, newer than `after`, up to `last`. */
  chain(
    range: { readonly after: number; readonly last: number; readonly limit: number },
    filter?: AuditFilter,
  ): Promise<readonly ChainedRecord[]>
  readonly nextHead: NextHead
  readonly seals: Seals
  keys(): Promise<readonly SealedKey[]>
  /** Ids of items that have come since a time, in the order of their ids, behind `after`. */
  offeredSince(
    kind: ItemKind,
    range: { readonly since: Date; readonly after: string; readonly limit: number },
  ): Promise<readonly string[]>
}

export interface AuditAttic {
  /**
   * Forgets at most `slice` records, the oldest, all older than a time, and writes a record that says so into the same chain. Answers how
   * many it were.
   */
  forget(olderThan: Date, slice: number): Promise<number>
}

export interface AuditDeps {
  readonly reader: AuditReader
  readonly snapshot: () => Snapshot
  readonly security: SecurityReader
  readonly openKey: OpenAuditKey
  /** What this machine knows of the log; null: nothing. */
  readonly witness: () => Promise<Witness | null>
}

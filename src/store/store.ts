import type { Compilable, CompiledQuery, Kysely, RawBuilder } from 'kysely'
import type { ReadonlyKysely } from 'kysely/readonly'
import type { ChangeKind } from '#/catalog/changes.ts'
import type { Schema } from './schema.ts'

export type { Schema } from './schema.ts'

/** The database, in the only two ways it may be used. `source` names the part of the house in pg_stat_activity. */
export interface Database {
  /** One statement on a borrowed connection. There is nothing to release, so nothing to forget. */
  read(source: string): Reader
  /**
   * One writing statement that commits by itself: no BEGIN, no clock, no audit. For what is no part of the catalog
   * (observations, leases, usage records).
   */
  statement<O>(
    source: string,
    build: (sql: Kysely<Schema>) => Compilable<O> | RawBuilder<O>,
  ): Promise<StatementResult<O>>
  /** The only transaction: a callback that owns it and cannot outlive it. Resolves after COMMIT with the clock's number, the last where there are several (null: nothing changed the catalog). */
  write<T>(
    source: string,
    work: (tx: WriteTx) => Promise<T>,
  ): Promise<{ readonly value: T; readonly seq: number | null }>
  /** The same transaction, which is taken back at its end: what a write would be refused for, this is. seq is null, as nothing has changed. */
  rehearse: Database['write']
}

export interface StatementResult<O> {
  readonly rows: readonly O[]
  /** Rows inserted, updated, deleted or returned. */
  readonly count: number
}

/** Kysely without insertInto, updateTable, deleteFrom and transaction. The row types come from schema.ts, generated. */
export type Reader = Pick<
  ReadonlyKysely<Schema>,
  'selectFrom' | 'selectNoFrom' | 'with' | 'withRecursive' | 'fn' | 'case' | 'dynamic'
>

export interface WriteTx {
  /** Bound to the transaction; at most five statements. */
  readonly sql: Kysely<Schema>
  /** Statements that need no answer of one another, in order and in one round trip; answers the rows of the first. */
  together<R>(first: CompiledQuery<R>, ...others: readonly CompiledQuery[]): Promise<readonly R[]>
  /** Says which thing to read again once this has committed. */
  changed(kind: ChangeKind, ...ids: readonly string[]): void
  /** The one audit record of this change. */
  audit(entry: AuditEntry): void
  /** What is said from here on is a change of its own, with its own number and audit record. */
  another(): void
  /** Runs after COMMIT, outside the transaction's context. */
  afterCommit(work: () => void): void
}

export interface AuditEntry {
  readonly actor: string
  readonly action: string
  readonly targetKind: string
  readonly targetId: string
  /** Becomes JSON; never a secret. */
  readonly detail: Readonly<Record<string, unknown>>
}

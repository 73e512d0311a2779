import type { OpenAuditKey } from '#/audit/seals.ts'
import { auditKeys } from './audit-keys.ts'
import { Crowd } from './crowd.ts'
import { write } from './write.ts'
import { kyselyOver } from './dialect.ts'
import type { StoreLog } from './log.ts'
import { ConnectionPool } from './pool.ts'
import { reader } from './read.ts'
import { sourceComment } from './source.ts'
import type { Database, Reader, StatementResult } from './store.ts'
import type { Trouble } from './trouble.ts'

export interface DatabaseOptions {
  /** `postgresql://…`, TCP or unix socket; direct or through a pooler. */
  readonly url: string
  /** Connections of this process, at least one. */
  readonly poolSize: number
  readonly log: StoreLog
  /** Opens what audit records are sealed with; absent: only a log that is not sealed can be written. */
  readonly auditKey?: OpenAuditKey
  /** Deadlines in ms: of a read (5 s), of a whole write (10 s), of waiting for a connection (10 s). */
  readonly readMs?: number
  readonly writeMs?: number
  readonly acquireMs?: number
  /** How many may wait for a connection (1,000). */
  readonly maxWaiting?: number
  /** A transaction longer than this is logged as a defect (1 s). */
  readonly slowMs?: number
}

/** The source of the reads of the clock: each is one row, many times a second, so it is they that notice a silent server. */
const CLOCK = 'changes'

export interface OpenDatabase extends Database, AsyncDisposable {
  /** Connections now: open, idle, and how many wait for one. */
  readonly stats: { readonly total: number; readonly idle: number; readonly waiting: number }
  /** Why the server refuses what it is asked, in words for whoever can mend it; null: it does not. */
  readonly trouble: Trouble | null
}

/** The database of this process. Connects when first used, so it opens while the database is away. */
export async function openDatabase(options: DatabaseOptions): Promise<OpenDatabase> {
  const { url, poolSize: size, log, readMs = 5_000, writeMs = 10_000, slowMs = 1_000 } = options
  const { acquireMs = 10_000, maxWaiting = 1_000 } = options
  const pool = new ConnectionPool({ url, size, log, acquireMs, maxWaiting })
  const writing = { pool, log, totalMs: writeMs, slowMs, keys: auditKeys(options.auditKey), crowd: new Crowd() }
  const readers = new Map<string, Reader>()
  const builder = kyselyOver(async () => {
    throw new TypeError('a statement is built here, not run')
  })
  return {
    read(source) {
      const known = readers.get(source)
      if (known !== undefined) return known
      const made = reader(pool, source, { ms: readMs, prompt: source === CLOCK })
      readers.set(source, made)
      return made
    },
    async statement<O>(source: string, build: Parameters<Database['statement']>[1]): Promise<StatementResult<O>> {
      const query = build(builder).compile(builder)
      using connection = await pool.borrow(`a statement of '${source}'`)
      const { rows, rowCount } = await connection.run(sourceComment(source) + query.sql, query.parameters, {
        ms: writeMs,
      })
      pool.pulse.wrote()
      return { rows: rows as O[], count: rowCount ?? 0 }
    },
    write: (source, work) => write({ ...writing, isKept: true }, source, work),
    rehearse: (source, work) => write({ ...writing, isKept: false }, source, work),
    get trouble() {
      return pool.pulse.trouble
    },
    get stats() {
      return pool.stats
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}

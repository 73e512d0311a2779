import type { CompiledQuery } from 'kysely'
import type { ChangeKind } from '#/catalog/changes.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { pause } from '#/lib/backoff.ts'
import { insideTransaction, outsideTransaction } from '#/lib/held-connection.ts'
import type { AuditKeys } from './audit-keys.ts'
import { CLOCK_NOW } from './clock.ts'
import type { Connection } from './connection.ts'
import { kyselyOver, type Execute } from './dialect.ts'
import { clockOf, commitSaying, type EndingParts } from './ending.ts'
import type { Crowd } from './crowd.ts'
import { databaseError, sqlState } from './errors.ts'
import { IdleWatch } from './idle-watch.ts'
import type { StoreLog } from './log.ts'
import type { ConnectionPool } from './pool.ts'
import { sourceComment } from './source.ts'
import type { AuditEntry, WriteTx } from './store.ts'

/** A transaction is short by construction: what needs more statements than this needs a better statement. */
export const MAX_STATEMENTS = 5
const ATTEMPTS = 3
const PAUSE_MS = 50
/** Longer than a connection takes to cancel its statement or to give up on it. */
const CANCEL_MS = 1_000

export interface WriteOptions {
  readonly pool: ConnectionPool
  readonly log: StoreLog
  /** Deadline of the whole transaction. */
  readonly totalMs: number
  /** Longer than this is a defect and logged as one. */
  readonly slowMs: number
  /** False: whatever was written is taken back, and nobody is told. */
  readonly isKept: boolean
  /** What audit records are sealed with. */
  readonly keys: AuditKeys
  readonly crowd: Crowd
}

export interface Written<T> {
  readonly value: T
  readonly seq: number | null
}

/** Runs `work` in a transaction; again when it lost to another one (a deadlock, a serialisation failure), three times at most. */
export async function write<T>(
  options: WriteOptions,
  source: string,
  work: (tx: WriteTx) => Promise<T>,
): Promise<Written<T>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(options, source, work)
    } catch (error) {
      const state = sqlState(error)
      if (attempt === ATTEMPTS || (state !== '40001' && state !== '40P01')) throw error
      // Not in step with the other one; nothing is held meanwhile.
      await pause(Math.random() * PAUSE_MS * attempt)
    }
  }
}

async function once<T>(
  { pool, log, totalMs, slowMs, isKept, keys, crowd }: WriteOptions,
  source: string,
  work: (tx: WriteTx) => Promise<T>,
): Promise<Written<T>> {
  const comment = sourceComment(source)
  const connection = await pool.borrow(`a write of '${source}'`)
  // Who waits for a connection is in nobody's way.
  using _one = crowd.enter()
  const began = performance.now()
  const transaction = new Transaction(connection, { source, endsAt: began + totalMs })
  try {
    // The first statement of the work follows BEGIN on the wire; where BEGIN fails, so does whatever follows it.
    const begun = connection.script(comment + begin(totalMs), { ms: totalMs, prompt: true })
    const [value] = await Promise.all([transaction.run(work, begun), begun])
    if (!isKept) {
      await transaction.rollback()
      return { value, seq: null }
    }
    const seq = await transaction.commit({ clock: clockOf(await begun), keys, crowd })
    pool.pulse.wrote()
    transaction.announce(log)
    return { value, seq }
  } catch (error) {
    await transaction.rollback()
    throw error
  } finally {
    connection[Symbol.dispose]()
    const ms = Math.round(performance.now() - began)
    if (ms > slowMs)
      log.error({ event: 'database.slow_transaction', source, ms }, 'a transaction held its connection too long')
  }
}

function begin(totalMs: number): string {
  const lockMs = Math.ceil(totalMs / 2)
  return (
    `BEGIN; SET LOCAL statement_timeout = ${totalMs}; SET LOCAL lock_timeout = ${lockMs}; ` +
    `SET LOCAL idle_in_transaction_session_timeout = ${totalMs}; ${CLOCK_NOW}`
  )
}

/** One change, as far as it was told of. */
interface Said {
  readonly changes: Map<ChangeKind, Set<string>>
  audit: AuditEntry | undefined
}

const nothingSaid = (): Said => ({ changes: new Map(), audit: undefined })

/** The state of one attempt: what it may still do, and what it will say when it commits. */
class Transaction {
  readonly #connection: Connection
  readonly #source: string
  readonly #comment: string
  readonly #endsAt: number
  readonly #watch: IdleWatch
  readonly #said: Said[] = []
  readonly #after: (() => void)[] = []
  #saying: Said = nothingSaid()
  #statements = 0
  #open = true

  constructor(connection: Connection, { source, endsAt }: { readonly source: string; readonly endsAt: number }) {
    this.#connection = connection
    this.#source = source
    this.#comment = sourceComment(source)
    this.#endsAt = endsAt
    this.#watch = new IdleWatch(source, () => connection.busy)
  }

  /** The work, while it has statements to run and no longer than the transaction may last: the connection comes back. */
  async run<T>(work: (tx: WriteTx) => Promise<T>, begun: Promise<unknown>): Promise<T> {
    const source = this.#source
    begun.then(this.#watch.answered, this.#watch.answered)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      const end = (): void => reject(new GatewayError('internal', `the transaction of '${source}' did not end in time`))
      // A statement that is under way has the same deadline and says more: it is given the time to be cancelled.
      const check = (): void => {
        if (this.#connection.busy) timer = setTimeout(end, CANCEL_MS)
        else end()
      }
      timer = setTimeout(check, Math.max(1, this.#leftMs()))
    })
    try {
      return await Promise.race([insideTransaction(source, () => work(this.#tx())), late, this.#watch.seen])
    } finally {
      this.#watch[Symbol.dispose]()
      clearTimeout(timer)
      this.#open = false
    }
  }

  async commit(parts: Pick<EndingParts, 'clock' | 'keys' | 'crowd'>): Promise<number | null> {
    const run = (text: string): ReturnType<Connection['script']> =>
      this.#connection.script(this.#comment + text, { ms: this.#leftMs() })
    const results = await commitSaying({ ...parts, run, said: [...this.#said, this.#saying] })
    // An aborted transaction answers COMMIT with ROLLBACK: the work hid an error.
    if (results.at(-1)?.command === 'ROLLBACK')
      throw new GatewayError('internal', 'the transaction had failed before its end')
    const seq = results.at(-2)?.rows[0]?.['seq']
    return typeof seq === 'number' ? seq : null
  }

  /** Ends what is left of it. A connection that cannot be rolled back is closed, which does the same. */
  async rollback(): Promise<void> {
    this.#open = false
    await this.#connection.rollback(`${this.#comment}ROLLBACK`)
  }

  /** What was to happen after the commit, outside the transaction; its failures cannot undo it and are logged. */
  announce(log: StoreLog): void {
    for (const work of this.#after) {
      try {
        outsideTransaction(work)
      } catch (error) {
        log.error(
          { event: 'database.after_commit_failed', source: this.#source, err: error },
          'work after a commit failed',
        )
      }
    }
  }

  #tx(): WriteTx {
    return {
      sql: kyselyOver((query) => this.#send(query)),
      together: async (...queries) => {
        const results = await Promise.all(queries.map((query) => this.#send(query)))
        return (results[0]?.rows ?? []) as never
      },
      changed: (kind, ...ids) => {
        const { changes } = this.#saying
        const named = changes.get(kind) ?? new Set()
        for (const id of ids) named.add(id)
        if (named.size > 0) changes.set(kind, named)
      },
      audit: (entry) => {
        if (this.#saying.audit !== undefined) throw databaseError(new TypeError('a change has one audit record'))
        this.#saying.audit = entry
      },
      another: () => {
        this.#said.push(this.#saying)
        this.#saying = nothingSaid()
      },
      afterCommit: (work) => {
        this.#after.push(work)
      },
    }
  }

  async #send({ sql, parameters }: CompiledQuery): ReturnType<Execute> {
    this.#assertMayRun()
    const answer = this.#connection.run(this.#comment + sql, parameters, { ms: this.#leftMs() })
    answer.then(this.#watch.answered, this.#watch.answered)
    return await answer
  }

  #assertMayRun(): void {
    if (!this.#open) throw new TypeError('the transaction is over: its sql cannot be used any more')
    this.#statements += 1
    if (this.#statements > MAX_STATEMENTS) throw new TypeError(`a transaction has at most ${MAX_STATEMENTS} statements`)
  }

  #leftMs(): number {
    return this.#endsAt - performance.now()
  }
}

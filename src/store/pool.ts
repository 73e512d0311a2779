import { Pool } from 'pg'
import { GatewayError } from '#/errors/gateway-error.ts'
import { assertNoTransaction } from '#/lib/held-connection.ts'
import { clientConfig, PlainClient } from './client.ts'
import { Connection } from './connection.ts'
import { databaseError } from './errors.ts'
import type { StoreLog } from './log.ts'

export interface PoolOptions {
  readonly url: string
  readonly size: number
  readonly log: StoreLog
  /** How long a statement waits for a connection, in ms. */
  readonly acquireMs: number
  /** How many may wait; more are refused at once. */
  readonly maxWaiting: number
}

/** The connections of this process. Whoever borrows one gives it back before it waits for anything else. */
export class ConnectionPool implements AsyncDisposable {
  readonly #pool: Pool
  readonly #maxWaiting: number

  constructor({ url, size, log, acquireMs, maxWaiting }: PoolOptions) {
    this.#maxWaiting = maxWaiting
    this.#pool = new Pool({
      ...clientConfig(url),
      max: size,
      connectionTimeoutMillis: acquireMs,
      idleTimeoutMillis: 30_000,
      // pg-pool calls `new` on it with the same settings.
      Client: PlainClient,
    })
    this.#pool.on('error', (error) =>
      log.warn({ event: 'database.connection_lost', error: error.message }, 'an idle database connection was lost'),
    )
  }

  /** A connection, after a bounded wait. Throws inside a transaction: with a pool of one it would wait for itself. */
  async borrow(what: string): Promise<Connection> {
    assertNoTransaction(what)
    if (this.#pool.waitingCount >= this.#maxWaiting) {
      throw new GatewayError('unavailable', 'too many requests wait for a database connection', { retryAfter: 1 })
    }
    try {
      return new Connection(await this.#pool.connect())
    } catch (error) {
      throw databaseError(error)
    }
  }

  get stats(): { readonly total: number; readonly idle: number; readonly waiting: number } {
    return { total: this.#pool.totalCount, idle: this.#pool.idleCount, waiting: this.#pool.waitingCount }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#pool.ending) await this.#pool.end()
  }
}

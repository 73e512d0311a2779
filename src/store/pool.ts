import { Pool, type ClientConfig, type PoolClient } from 'pg'
import { GatewayError } from '#/errors/gateway-error.ts'
import { assertNoTransaction } from '#/lib/held-connection.ts'
import { clientConfig, PlainClient } from './client.ts'
import { Connection } from './connection.ts'
import { databaseError } from './errors.ts'
import { knockAt } from './knock.ts'
import type { StoreLog } from './log.ts'
import { lostConnections } from './lost-connections.ts'
import { Pulse } from './pulse.ts'

export interface PoolOptions {
  readonly url: string
  readonly size: number
  readonly log: StoreLog
  /** How long a statement waits for a connection, in ms. */
  readonly acquireMs: number
  /** How many may wait; more are refused at once. */
  readonly maxWaiting: number
}

/** Longer than connecting takes anywhere, and short enough that a server that comes back finds us asking. */
const CONNECT_MS = 2_000

/** Connecting has an end of its own, besides the wait for a place. Statements are sent without waiting for the one before. */
class PooledClient extends PlainClient {
  constructor(config?: ClientConfig) {
    super({ ...config, connectionTimeoutMillis: CONNECT_MS, pipeline: true })
    // Between the pool and whoever borrows it nobody listens, and a server may say that it is ready and that it ends in one breath. What
    // failed so answers no statement, and goes back to no pool.
    this.on('error', () => undefined)
  }
}

/** The connections of this process. Whoever borrows one gives it back before it waits for anything else. */
export class ConnectionPool implements AsyncDisposable {
  readonly #pool: Pool
  readonly #size: number
  readonly #maxWaiting: number
  readonly pulse: Pulse

  constructor({ url, size, log, acquireMs, maxWaiting }: PoolOptions) {
    this.#size = size
    this.pulse = new Pulse(knockAt(url))
    this.#maxWaiting = maxWaiting
    this.#pool = new Pool({
      ...clientConfig(url),
      max: size,
      connectionTimeoutMillis: acquireMs,
      idleTimeoutMillis: 30_000,
      // pg-pool calls `new` on it with the same settings.
      Client: PooledClient,
    })
    this.#pool.on('error', lostConnections(log))
  }

  /** A connection, after a bounded wait. Throws inside a transaction: with a pool of one it would wait for itself. */
  async borrow(what: string): Promise<Connection> {
    assertNoTransaction(what)
    if (this.#pool.waitingCount >= this.#maxWaiting) {
      throw new GatewayError('unavailable', 'too many requests wait for a database connection', { retryAfter: 1 })
    }
    this.pulse.admit()
    try {
      return new Connection(await this.#connect(), this.pulse)
    } catch (error) {
      throw databaseError(error)
    }
  }

  async #connect(): Promise<PoolClient> {
    const { promise: silence, reject } = Promise.withResolvers<never>()
    const hasPlace = this.#pool.idleCount > 0 || this.#pool.totalCount < this.#size
    const ask = this.pulse.asked(hasPlace, reject)
    const connecting = this.#pool.connect()
    try {
      const client = await Promise.race([connecting, silence])
      this.pulse.ended(ask, 'given up')
      this.pulse.connected()
      return client
    } catch (error) {
      this.pulse.ended(ask, isRefusal(error) ? 'answered' : 'given up')
      this.pulse.refused(error)
      // One that comes after all goes back to the others.
      connecting.then(
        (client) => client.release(),
        () => undefined,
      )
      throw error
    }
  }

  get stats(): { readonly total: number; readonly idle: number; readonly waiting: number } {
    return { total: this.#pool.totalCount, idle: this.#pool.idleCount, waiting: this.#pool.waitingCount }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#pool.ending) await this.#pool.end()
  }
}

/** Somebody said no: that is a word, where a wait that ended is none. */
function isRefusal(error: unknown): boolean {
  return !(error instanceof GatewayError) && !(error instanceof Error && /time(d )?out/i.test(error.message))
}

import type { PoolClient, QueryResult } from 'pg'
import { GatewayError } from '#/errors/gateway-error.ts'
import { cancelStatement, socketOf } from './cancel.ts'
import { databaseError } from './errors.ts'
import type { Pulse } from './pulse.ts'

/** How long a cancelled statement may take to end before its connection is given up. */
const GRACE_MS = 500

type Result = QueryResult<Record<string, unknown>>

export interface Limit {
  readonly ms: number
  /** A server that is well answers at once: one that does not is taken for silent. */
  readonly prompt?: boolean
}

/**
 * One connection while somebody has it: statements run in the order in which they are sent, which need not wait for each other's
 * answers, each with an end; then it is given back, once.
 */
export class Connection implements Disposable {
  readonly #client: PoolClient
  readonly #pulse: Pulse
  #broken: Error | undefined
  #running = 0
  #released = false

  constructor(client: PoolClient, pulse: Pulse) {
    this.#client = client
    this.#pulse = pulse
    // Without a listener a server that hangs up between two statements would end the process.
    client.on('error', this.#onError)
  }

  /** A statement is under way. */
  get busy(): boolean {
    return this.#running > 0
  }

  /** Runs one statement. */
  async run(text: string, values: readonly unknown[], limit: Limit): Promise<Result> {
    const [result] = await this.#run(text, values, limit)
    if (result === undefined) throw new Error('a statement without a result')
    return result
  }

  /** Runs several statements in one round trip (the simple protocol, so without parameters); one result each. */
  script(text: string, limit: Limit): Promise<readonly Result[]> {
    return this.#run(text, undefined, limit)
  }

  /** Ends an open transaction, behind what is still under way in it; if that fails, the connection is given up. */
  async rollback(text: string): Promise<void> {
    if (this.#broken !== undefined || (!this.busy && this.#client.getTransactionStatus() === 'I')) return
    // Whoever is told of the failure waits for this, so a server that has fallen silent is not waited for to the end.
    const limit = { ms: GRACE_MS, prompt: true }
    await this.#run(text, undefined, limit).catch((error: unknown) => this.discard(error as Error))
  }

  /** Gives up this connection: it does not go back to the pool. */
  discard(why: Error): void {
    this.#broken ??= why
  }

  /** Back to the pool; a connection that is broken, busy or inside a transaction is closed instead. */
  [Symbol.dispose](): void {
    if (this.#released) return
    this.#released = true
    if (this.busy || this.#client.getTransactionStatus() !== 'I') this.#broken ??= new Error('not idle')
    // While a discarded connection closes it may still fail, so its listener stays.
    if (this.#broken === undefined) this.#client.off('error', this.#onError)
    // A client with statements under way would wait for them before it closes.
    else if (this.busy) socketOf(this.#client).destroy()
    this.#client.release(this.#broken)
  }

  readonly #onError = (error: Error): void => {
    this.#broken ??= error
  }

  async #run(text: string, values: readonly unknown[] | undefined, limit: Limit): Promise<readonly Result[]> {
    if (this.#broken !== undefined || this.#released) throw databaseError(this.#broken ?? new Error('not queryable'))
    this.#running += 1
    const settled = this.#settle(text, values).finally(() => (this.#running -= 1))
    const { promise: over, resolve } = Promise.withResolvers<'late' | GatewayError>()
    const timer = setTimeout(resolve, Math.max(1, limit.ms), 'late')
    const ask = this.#pulse.asked(limit.prompt ?? false, (error) => {
      this.#abandon(error)
      resolve(error)
    })
    const first = await Promise.race([settled, over])
    clearTimeout(timer)
    const givenUp = first === 'late' || first instanceof GatewayError
    this.#pulse.ended(ask, givenUp ? 'given up' : 'answered')
    if (first instanceof GatewayError) throw first
    return unwrap(first === 'late' ? await this.#cancel(settled, limit.ms) : first)
  }

  /** The server is silent: what it does with this statement is not waited for, and neither is its word on the cancel. */
  #abandon(why: GatewayError): void {
    if (this.#broken !== undefined) return
    this.discard(why)
    void cancelStatement(this.#client, GRACE_MS)
  }

  async #settle(text: string, values: readonly unknown[] | undefined): Promise<Outcome> {
    this.#together()
    try {
      const result = await this.#client.query(text, values as unknown[])
      return { ok: Array.isArray(result) ? (result as Result[]) : [result] }
    } catch (error) {
      this.#pulse.refused(error)
      return { error }
    }
  }

  /** What is sent in one turn, as BEGIN and the statements after it are, is one write to the socket and wakes the server once. */
  #together(): void {
    const socket = socketOf(this.#client)
    socket.cork()
    process.nextTick(() => socket.uncork())
  }

  /** A statement past its deadline: cancel it; a connection on which the cancel may still arrive is not used again. */
  async #cancel(settled: Promise<Outcome>, ms: number): Promise<Outcome> {
    let timer: NodeJS.Timeout | undefined
    const grace = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, GRACE_MS, undefined)
    })
    const [outcome] = await Promise.all([Promise.race([settled, grace]), cancelStatement(this.#client, GRACE_MS)])
    clearTimeout(timer)
    if (outcome === undefined || !isCancelled(outcome)) this.discard(new Error('did not settle after a cancel'))
    if (outcome !== undefined && 'ok' in outcome) return outcome
    const cause = outcome?.error ?? new Error('the statement did not settle')
    return {
      error: new GatewayError('unavailable', `the database did not answer within ${ms} ms`, { cause, retryAfter: 1 }),
    }
  }
}

type Outcome = { readonly ok: readonly Result[] } | { readonly error: unknown }

function isCancelled(outcome: Outcome): boolean {
  return 'error' in outcome && (outcome.error as { code?: unknown } | null)?.code === '57014'
}

function unwrap(outcome: Outcome): readonly Result[] {
  if ('ok' in outcome) return outcome.ok
  throw databaseError(outcome.error)
}

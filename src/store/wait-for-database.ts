import { setTimeout as sleep } from 'node:timers/promises'
import { clientConfig, PlainClient } from './client.ts'
import { databaseError, sqlState } from './errors.ts'
import type { StoreLog } from './log.ts'
import { placeOf } from './place.ts'
import { StartError } from '#/errors/start-error.ts'

const SAY_EVERY_MS = 5_000
const LONGEST_PAUSE_MS = 1_000

export interface WaitOptions {
  readonly url: string
  readonly log: StoreLog
  readonly signal: AbortSignal
}

/** A connection of its own, as soon as the database answers. A database that answers "no" is an error at once. */
export async function connectWhenThere({ url, log, signal }: WaitOptions): Promise<PlainClient> {
  let said = -Infinity
  for (let pause = 100; !signal.aborted; pause = Math.min(LONGEST_PAUSE_MS, pause * 2)) {
    const client = new PlainClient({ ...clientConfig(url), connectionTimeoutMillis: 3_000 })
    // A server that goes away later is reported by the next statement.
    client.on('error', () => undefined)
    try {
      await client.connect()
      return client
    } catch (error) {
      await client.end().catch(() => undefined)
      if (!isAway(error)) throw refusal(error)
      if (performance.now() - said >= SAY_EVERY_MS) {
        said = performance.now()
        const fields = { event: 'database.away', at: placeOf(url), error: messageOf(error) }
        log.warn(fields, 'the database is away; waiting for it')
      }
    }
    await sleep(pause, undefined, { signal }).catch(() => undefined)
  }
  throw new StartError(`the database at ${placeOf(url)} did not come; check DATABASE_URL and that PostgreSQL runs`)
}

/** Unreachable, starting, or full: worth waiting for. A wrong password or name is not. */
function isAway(error: unknown): boolean {
  const state = sqlState(error)
  if (state !== undefined) return /^(08|53|57)/.test(state)
  return databaseError(error).code === 'unavailable'
}

function refusal(error: unknown): StartError {
  return new StartError(
    `the database refuses the connection: ${messageOf(error)}. Check user, password and name in DATABASE_URL`,
    {
      cause: error,
    },
  )
}

export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}

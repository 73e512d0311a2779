import { GatewayError } from '#/errors/gateway-error.ts'
import type { AuditKeyOf } from './audit-keys.ts'
import { CLOCK_MOVED, CLOCK_TAKEN, endOf, type Announcement, type Clock } from './clock.ts'
import type { Connection } from './connection.ts'
import { sqlState } from './errors.ts'

type Results = Awaited<ReturnType<Connection['script']>>

export interface EndingParts {
  /** Runs statements in the transaction, in one round trip. */
  readonly run: (text: string) => Promise<Results>
  readonly said: readonly Announcement[]
  /** As the transaction found it when it began. */
  readonly clock: Clock
  readonly keyOf: AuditKeyOf
}

/**
 * Says what a transaction has to say, and commits. A record is linked to the one before by whoever holds the key, so not by the database:
 * it is made for the clock as it was when the transaction began. Where somebody was faster, the clock is taken first and the record made
 * anew, which costs two round trips more and nothing of the work.
 */
export async function commitSaying({ run, said, clock, keyOf }: EndingParts): Promise<Results> {
  const at = new Date()
  const text = endOf(said, { at, clock, keyOf })
  if (said.every(({ audit }) => audit === undefined)) return await run(text).catch(unknownOutcome)
  try {
    return await run(`SAVEPOINT said; ${text}`)
  } catch (error) {
    if (sqlState(error) !== CLOCK_MOVED) unknownOutcome(error)
  }
  const taken = clockOf(await run(`ROLLBACK TO SAVEPOINT said; ${CLOCK_TAKEN}`))
  return await run(endOf(said, { at, clock: taken, keyOf })).catch(unknownOutcome)
}

/** The clock that a script read last. */
export function clockOf(results: Results): Clock {
  const row = results.at(-1)?.rows[0]
  if (row === undefined) throw new GatewayError('internal', 'the database has no change clock: its row is missing')
  return row as unknown as Clock
}

/** The server said no: nothing was committed. It said nothing: nobody knows. */
function unknownOutcome(error: unknown): never {
  const state = sqlState(error)
  if (state !== undefined && !/^(08|57P)/.test(state)) throw error
  throw new GatewayError('unavailable', 'the database went away while it committed: look whether the change was made', {
    cause: error,
    retryAfter: 1,
  })
}

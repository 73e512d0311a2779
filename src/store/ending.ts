import { GatewayError } from '#/errors/gateway-error.ts'
import type { AuditKeys } from './audit-keys.ts'
import { CLOCK_MOVED, CLOCK_TAKEN, endOf, keySealed, type Announcement, type Clock } from './clock.ts'
import type { Connection } from './connection.ts'
import type { Crowd } from './crowd.ts'
import { sqlState } from './errors.ts'

type Results = Awaited<ReturnType<Connection['script']>>

export interface EndingParts {
  /** Runs statements in the transaction, in one round trip. */
  readonly run: (text: string) => Promise<Results>
  readonly said: readonly Announcement[]
  /** As the transaction found it when it began. */
  readonly clock: Clock
  readonly keys: AuditKeys
  readonly crowd: Crowd
}

/**
 * Says what a transaction has to say, and commits. A record is linked to the one before by whoever holds the key, so not by the database:
 * it is made for the clock as it was when the transaction began. Where somebody was faster, the clock is taken first and the record made
 * for it, which costs a round trip more, or two where nobody expected it, and nothing of the work.
 */
export async function commitSaying(parts: EndingParts): Promise<Results> {
  const { run, said, clock, crowd } = parts
  const at = new Date()
  if (said.every(({ audit }) => audit === undefined))
    return await run(endOf(said, { at, clock, key: null })).catch(unknownOutcome)
  if (crowd.isLikely) return await commitTaken(parts, at, CLOCK_TAKEN)
  const text = endOf(said, { at, clock, key: await keyAt(clock, parts) })
  try {
    return await run(`SAVEPOINT said; ${text}`)
  } catch (error) {
    if (sqlState(error) !== CLOCK_MOVED) unknownOutcome(error)
  }
  crowd.met()
  return await commitTaken(parts, at, `ROLLBACK TO SAVEPOINT said; ${CLOCK_TAKEN}`)
}

async function commitTaken(parts: EndingParts, at: Date, take: string): Promise<Results> {
  const clock = clockOf(await parts.run(take))
  const text = endOf(parts.said, { at, clock, key: await keyAt(clock, parts) })
  return await parts.run(text).catch(unknownOutcome)
}

/** A key is read when it is met for the first time. */
export async function keyAt(
  { audit_key: id }: Clock,
  { run, keys }: Pick<EndingParts, 'run' | 'keys'>,
): Promise<Buffer | null> {
  if (id === null) return null
  const known = keys.known(id)
  if (known !== undefined) return known
  const sealed = (await run(keySealed(id))).at(-1)?.rows[0]?.['sealed']
  return keys.open(id, typeof sealed === 'string' ? sealed : null)
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

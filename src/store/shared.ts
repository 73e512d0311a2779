import { GatewayError } from '#/errors/gateway-error.ts'
import { crowd } from '#/lib/crowd.ts'
import { sqlState } from './errors.ts'

/** One statement or transaction for all who ask at the same time; a database that is away is away for everybody who waits. */
export function shared<K, V>(
  ask: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>,
  most: number,
): (key: K) => Promise<V | undefined> {
  return crowd(ask, { most, failsAll: isAway, isOfOne })
}

/** Not of the one statement, as a lock or a deadline is, but of the database or the way to it. */
export function isAway(error: unknown): boolean {
  if (GatewayError.from(error).code !== 'unavailable') return false
  const state = sqlState(error)
  return state === undefined || !/^(40|55|57014)/.test(state)
}

/** A value that no column takes, or that breaks a rule: not of the statement as a whole. */
function isOfOne(error: unknown): boolean {
  return /^2[23]/.test(sqlState(error) ?? '')
}

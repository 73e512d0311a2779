import type { StoreLog } from './log.ts'

/** Those that end within this time end for one reason. */
const TOGETHER_MS = 500

/** Says that idle connections were lost: one line for all that a restart, a failover or an administrator ends at once. */
export function lostConnections(log: Pick<StoreLog, 'warn'>): (error: Error) => void {
  let lost = 0
  return ({ message }) => {
    lost++
    if (lost > 1) return
    setTimeout(() => {
      const fields = { event: 'database.connection_lost', connections: lost, error: message }
      lost = 0
      log.warn(fields, 'idle database connections were lost')
    }, TOGETHER_MS).unref()
  }
}

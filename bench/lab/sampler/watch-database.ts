import type { DatabaseWatch } from '../watch.ts'
import { Observer } from './activity.ts'
import { LogErrors } from './log-errors.ts'
import { Looks } from './looks.ts'

export interface DatabaseWatchOptions {
  /** Of the server itself: behind a pooler the look would cost one of the gateway's connections. */
  readonly url: string
  readonly everyMs?: number
  /** Logs of the server, its pooler and the gateway. */
  readonly logs?: readonly string[]
}

const EVERY_MS = 250

/** Looks from now on. The first look has been had when it is there, so a wrong URL is told at once. */
export async function watchDatabase(options: DatabaseWatchOptions): Promise<DatabaseWatch> {
  const { url, everyMs = EVERY_MS, logs = [] } = options
  const observer = new Observer(url)
  const errors = new LogErrors(logs)
  await observer.look()
  let sums = new Looks()
  let recent = new Looks()
  let missed = 0
  let looking: Promise<void> | undefined

  async function look(): Promise<void> {
    try {
      const seen = await observer.look()
      sums.add(seen)
      recent.add(seen)
    } catch {
      missed++
    } finally {
      looking = undefined
    }
  }
  const timer = setInterval(() => {
    // A look that is not back in time is one that was not had.
    if (looking === undefined) looking = look()
    else missed++
  }, everyMs)

  return {
    tick() {
      const { count } = recent
      const tick = recent.tick()
      recent = new Looks()
      return count === 0 ? null : tick
    },
    begin() {
      sums = new Looks()
      missed = 0
    },
    result: () => ({
      looks: sums.count,
      missedLooks: missed,
      looksWithoutIdleInTransaction: sums.withoutIdleInTransaction,
      idleInTransactionMax: sums.idleInTransactionMax,
      oldestTransactionMs: sums.oldestTransactionMs,
      connectionsMax: sums.connectionsMax,
      errors: errors.count(),
      activity: sums.activity(),
    }),
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await looking
      await observer[Symbol.asyncDispose]()
    },
  }
}

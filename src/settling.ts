import { isSaved, savedFolder } from '#/catalog/saved.ts'
import type { Config } from '#/config/config.ts'
import { pause } from '#/lib/backoff.ts'
import { answersWithin } from '#/store/answers.ts'
import type { Logger } from '#/telemetry/logger.ts'

/** A database that is there answers at once; one that is started beside us has this long. */
const GRACE_MS = 3_000
const AGAIN_MS = 5_000

export interface Settling {
  readonly config: Config
  /** Past any pooler. */
  readonly url: string
  readonly log: Logger
  /** Brings the database to this code's schema and checks that it is ours. */
  readonly settle: (signal: AbortSignal) => Promise<void>
  readonly signal: AbortSignal
}

/**
 * Settles the database before anything else begins. Where the operator wants a start without it, and there is a snapshot to begin with,
 * a database that does not answer is settled when it comes, beside everything else.
 */
export async function settleDatabase(settling: Settling): Promise<AsyncDisposable> {
  const { config, settle, signal } = settling
  const { url, startWithout } = config.database
  const mayWait = url !== null && startWithout && isSaved(savedFolder(config.dataDir))
  if (mayWait && !(await answersWithin(GRACE_MS, settling))) return settleLater(settling)
  await settle(signal)
  return new AsyncDisposableStack()
}

/** What is wrong with it then ends nobody: calls go on, and it is looked at again. */
function settleLater({ settle, log }: Settling): AsyncDisposable {
  const stop = new AbortController()
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        await settle(stop.signal)
        log.info({ event: 'database.settled' }, 'the database is back, and is the one that belongs here')
        return
      } catch (err) {
        if (stop.signal.aborted) return
        log.error({ event: 'database.unusable', err }, 'the database answers and cannot be used; tried again')
      }
      await pause(AGAIN_MS, stop.signal).catch(() => undefined)
    }
  }
  const running = run()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

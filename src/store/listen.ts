import { setTimeout as sleep } from 'node:timers/promises'
import { outage, type Outage } from '#/lib/outage.ts'
import { clientConfig, PlainClient } from './client.ts'
import { CHANNEL } from './clock.ts'
import type { StoreLog } from './log.ts'

export interface ListenOptions {
  /** Past any pooler: behind one, LISTEN appears to work and does not. */
  readonly url: string
  readonly log: StoreLog
  /** The clock's number after a commit. Numbers may be missed and may come twice: this only wakes. */
  readonly onSeq: (seq: number) => void
  /** Listening (again): whatever happened before went unheard. */
  readonly onConnect?: () => void
  readonly onLost?: () => void
}

/** A connection that looks open may be dead: it is asked this often, and has this long to answer. */
const ASK_EVERY_MS = 15_000
const ANSWER_MS = 5_000
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 5_000

/** Holds one connection that hears every commit, and makes it again whenever it is lost. */
export function listen(options: ListenOptions): AsyncDisposable {
  const stop = new AbortController()
  const ended = keepListening(options, stop.signal)
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await ended
    },
  }
}

async function keepListening(options: ListenOptions, stop: AbortSignal): Promise<void> {
  const tries = outage()
  let pause = FIRST_PAUSE_MS
  while (!stop.aborted) {
    const heard = await listenOnce(options, tries, stop)
    if (stop.aborted) return
    if (heard) {
      pause = FIRST_PAUSE_MS
      options.onLost?.()
    }
    // Some disorder, so that many processes do not return in step.
    await sleep(pause * (0.5 + Math.random() / 2), undefined, { signal: stop }).catch(() => undefined)
    pause = Math.min(LONGEST_PAUSE_MS, pause * 2)
  }
}

/** One connection from its beginning to its end; whether it ever listened. */
async function listenOnce(options: ListenOptions, tries: Outage, stop: AbortSignal): Promise<boolean> {
  const { url, log, onSeq, onConnect } = options
  const client = new PlainClient({ ...clientConfig(url), connectionTimeoutMillis: ANSWER_MS })
  const over = Promise.withResolvers<void>()
  const end = (): void => over.resolve()
  client.on('error', end)
  client.on('end', end)
  stop.addEventListener('abort', end, { once: true })
  client.on('notification', ({ payload }) => onSeq(Number(payload)))
  let listening = false
  let asking: NodeJS.Timeout | undefined
  try {
    await client.connect()
    await client.query(`/*source='listen'*/ LISTEN ${CHANNEL}`)
    listening = true
    tries.worked()
    onConnect?.()
    asking = setInterval(() => void stillThere(client).then((yes) => yes || end()), ASK_EVERY_MS)
    await over.promise
  } catch (error) {
    if (tries.failed())
      log.warn(
        { event: 'database.listen_failed', error: (error as Error).message },
        'cannot listen for changes; polling goes on',
      )
  } finally {
    clearInterval(asking)
    stop.removeEventListener('abort', end)
    await Promise.race([client.end().catch(() => undefined), sleep(1_000, undefined, { ref: false })])
  }
  return listening
}

async function stillThere(client: PlainClient): Promise<boolean> {
  const late = sleep(ANSWER_MS, false, { ref: false })
  const answer = client.query("/*source='listen'*/ SELECT 1").then(
    () => true,
    () => false,
  )
  return await Promise.race([answer, late])
}

import { setTimeout as sleep } from 'node:timers/promises'
import { StartError } from '#/errors/start-error.ts'
import { startServer, type RunningServer, type ServerOptions } from './embedded-server.ts'

export interface KeptServer extends AsyncDisposable {
  /** Of the server that runs now. */
  readonly pid: number
  /** Rejects when the server cannot be kept running; until then it is started again whenever it ends. */
  readonly failed: Promise<never>
}

/** A server that lived this long was well: its end counts as the first. */
const WELL_MS = 60_000
const MOST_ENDS = 5

/** Keeps a server running on its folder until it is disposed. */
export async function keepServer(options: ServerOptions): Promise<KeptServer> {
  const stop = new AbortController()
  let current: RunningServer = await startServer(options)

  async function keep(): Promise<never> {
    for (let ends = 1; ; ends += 1) {
      const began = performance.now()
      const how = await current.ended
      if (stop.signal.aborted) return await new Promise<never>(() => undefined)
      if (performance.now() - began > WELL_MS) ends = 1
      options.log.error(
        { event: 'postgres.ended', how, ends },
        'the embedded PostgreSQL ended by itself; starting it again',
      )
      if (ends > MOST_ENDS) throw new StartError(`the embedded PostgreSQL keeps ending by itself (${how})`)
      await sleep(100 * ends, undefined, { ref: false })
      const next = await startServer(options)
      current = next
      // It was told to stop while this one started.
      if (stop.signal.aborted) await next[Symbol.asyncDispose]()
    }
  }

  const failed = keep()
  failed.catch(() => undefined)
  return {
    get pid() {
      return current.pid
    },
    failed,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await current[Symbol.asyncDispose]()
    },
  }
}

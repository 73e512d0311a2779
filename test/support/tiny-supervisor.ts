import { supervise } from '#/supervisor/supervise.ts'

/** A supervisor of tiny workers as a process of its own: `tiny-supervisor.ts PORT WORKERS GREETING DRAIN_MS`. Speaks JSON lines. */
const [port, workers, greeting, drainMs] = process.argv.slice(2)
const stop = new AbortController()
const hurry = new AbortController()
process.on('SIGTERM', () => (stop.signal.aborted ? hurry : stop).abort())
const say = (line: object): void => console.log(JSON.stringify(line))

try {
  await supervise({
    config: { greeting },
    listen: { host: null, port: Number(port) },
    workers: Number(workers),
    drainMs: Number(drainMs),
    entry: { module: `${import.meta.dirname}/tiny-worker.ts`, args: [], env: process.env },
    prepare: async (context) => {
      context.progress('preparing')
      if (greeting === 'patience') await new Promise((resolve) => setTimeout(resolve, 1500))
      let seq = 0
      process.on('SIGUSR2', () => context.wake(++seq))
      return {
        forWorkers: { key: new Uint8Array([1, 2, 3]) },
        measure: () => Promise.resolve('supervisor'),
        [Symbol.asyncDispose]: () => Promise.resolve(say({ disposed: true })),
      }
    },
    log: { debug: say, info: say, warn: say, error: say },
    progress: (line) => say({ progress: line }),
    ready: (listener) => say({ ready: listener.port, addresses: listener.addresses }),
    stop: stop.signal,
    hurry: hurry.signal,
  })
  say({ ended: true })
} catch (error) {
  say({ failed: (error as Error).message })
  process.exitCode = 1
}

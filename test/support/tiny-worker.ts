import { createServer } from 'node:http'
import type { WorkerLink, Worker } from '#/supervisor/link.ts'
import { runWorker } from '#/supervisor/worker.ts'

/** A worker with a little of everything, for tests of the supervisor. */
async function start(
  config: { readonly greeting: string },
  prepared: { readonly key: Uint8Array },
  link: WorkerLink,
): Promise<Worker> {
  if (config.greeting === 'fail') throw new Error('the greeting is missing')
  if (config.greeting === 'slow') await new Promise((resolve) => setTimeout(resolve, 700))
  if (config.greeting === 'waiting') await waiting(link)
  const facts: string[] = []
  const wakes: (number | null)[] = []
  /** How many connections had come when each of them did. */
  const wokenAfter: number[] = []
  let connections = 0
  let draining = false
  const inFlight = new Set<object>()
  const server = createServer({ headersTimeout: 1000, connectionsCheckingInterval: 200 }, (request, response) => {
    inFlight.add(response)
    response.on('close', () => inFlight.delete(response))
    if (draining) response.setHeader('connection', 'close')
    const url = new URL(request.url ?? '/', 'http://local')
    const answer = (value: unknown): void => void response.end(JSON.stringify(value))
    const actions: Record<string, () => unknown> = {
      '/': () =>
        answer({
          greeting: config.greeting,
          key: Buffer.from(prepared.key).toString('hex'),
          index: link.index,
          pid: process.pid,
        }),
      '/ready': () => {
        response.statusCode = draining ? 503 : 200
        answer({ ready: !draining })
      },
      '/slow': () => setTimeout(() => answer({ pid: process.pid }), Number(url.searchParams.get('ms'))).unref(),
      '/crash': () => process.kill(process.pid, 'SIGKILL'),
      '/tell': () => {
        link.tell({ topic: 'test', key: 'k', value: url.searchParams.get('value'), expiresAt: Date.now() + 60_000 })
        answer({})
      },
      '/known': () => answer({ facts, wakes, wokenAfter, pid: process.pid }),
      '/block': () => {
        answer({})
        setTimeout(() => block(Number(url.searchParams.get('ms'))), 20)
      },
      '/collect': async () => answer(await link.collect()),
    }
    void (actions[url.pathname] ?? ((): void => answer(null)))()
  })
  link.onFact('test', (fact) => facts.push(String(fact.value)))
  link.onWake((seq) => {
    wakes.push(seq)
    wokenAfter.push(connections)
  })
  link.onCollect(() => Promise.resolve(process.pid))
  server.emit('listening')
  link.serve((socket) => {
    connections++
    server.emit('connection', socket)
  })
  return {
    quiesce: () => {
      draining = true
    },
    drain: async (hurry) => {
      // A connection that was taken a moment ago looks idle, with its request on the way.
      const idleUntil = performance.now() + 300
      while ((inFlight.size > 0 || performance.now() < idleUntil) && !hurry.aborted) {
        if (performance.now() > idleUntil) server.closeIdleConnections()
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      server.closeAllConnections()
    },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

/** Nothing else happens for so long. */
function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

/** Something that does not come, as a database that is away; only the end of the supervisor ends the wait. */
async function waiting({ gone }: WorkerLink): Promise<void> {
  process.stdout.write(`${JSON.stringify({ waiting: process.pid })}\n`)
  while (!gone.aborted) await new Promise((resolve) => setTimeout(resolve, 10))
  gone.throwIfAborted()
}

process.on('SIGINT', () => {})
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
await runWorker({ channel: process, start, stop: stop.signal })

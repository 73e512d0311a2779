import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server on a loopback port of its own; disposing it cuts its connections. */
export interface Listening extends AsyncDisposable {
  readonly server: Server
  readonly port: number
  /** `http://127.0.0.1:PORT`, without a path. */
  readonly origin: string
}

export async function listen(handler: RequestListener, port = 0): Promise<Listening> {
  const server = createServer(handler)
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', 4096, resolve))
  const bound = (server.address() as AddressInfo).port
  return {
    server,
    port: bound,
    origin: `http://127.0.0.1:${bound}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

/** Runs a fixture as a program: prints its URL and stays until a signal comes. */
export async function serveUntilStopped(
  start: (port: number) => Promise<AsyncDisposable & { url: string }>,
): Promise<void> {
  await using fixture = await start(Number(process.env['PORT'] ?? 0))
  console.log(fixture.url)
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
  })
}

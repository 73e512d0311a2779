import { once } from 'node:events'
import { createServer, request } from 'node:http'

/** Answers at a port that was decided before with what another server says. */
export async function startForwarder(port: number, to: string): Promise<AsyncDisposable> {
  const server = createServer((incoming, outgoing) => {
    const onward = request(to, { method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

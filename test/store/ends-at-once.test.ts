import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { GatewayError } from '#/errors/gateway-error.ts'
import { ConnectionPool } from '#/store/pool.ts'

const message = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5, type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

const READY = Buffer.concat([message('R', Buffer.alloc(4)), message('Z', Buffer.from('I'))])
const ENDED = message(
  'E',
  Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'),
)

/** A server that lets everybody in and ends them with the same packet, as pg_terminate_backend may. */
async function endingServer(): Promise<{ readonly url: string; readonly met: () => number }> {
  let met = 0
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      met++
      socket.end(Buffer.concat([READY, ENDED]))
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return { url: `postgresql://who@127.0.0.1:${port}/any`, met: () => met }
}

test('a connection that is ended in the moment it is there fails its statement, not the process', async () => {
  const { url, met } = await endingServer()
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  await using pool = new ConnectionPool({ url, size: 1, log, acquireMs: 2_000, maxWaiting: 10 })
  for (let n = 1; n <= 3; n++) {
    const asked = (async () => {
      using connection = await pool.borrow('asking')
      return await connection.run('SELECT 1', [], { ms: 2_000 })
    })()
    const error = await asked.then(() => undefined, GatewayError.from)
    expect(error?.code).toBe('unavailable')
    expect(met()).toBe(n)
  }
})

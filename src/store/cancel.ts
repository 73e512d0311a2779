import { once } from 'node:events'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { PoolClient } from 'pg'

const CANCEL_REQUEST = 80_877_102
const SSL_REQUEST = 80_877_103

/** What pg knows of a connection and its types do not say. */
interface Wire {
  readonly processID: number | null
  readonly secretKey: number | null
  readonly host: string
  readonly port: number
  readonly ssl: object | boolean
  readonly connection: { readonly stream: Socket }
}

/** The connection's own socket: to close it without a word. */
export function socketOf(client: PoolClient): Socket {
  return (client as unknown as Wire).connection.stream
}

/**
 * Asks the server to stop what this connection is doing, on a socket of its own: the protocol's CancelRequest, which works
 * direct and through a pooler. Resolves when the server has closed that socket (it has passed the request on), or after `ms`.
 */
export async function cancelStatement(client: PoolClient, ms: number): Promise<void> {
  const wire = client as unknown as Wire
  if (wire.processID === null || wire.secretKey === null) return
  const plain = dial(wire)
  plain.on('error', () => undefined)
  const signal = AbortSignal.timeout(ms)
  try {
    await once(plain, 'connect', { signal })
    const socket = wire.ssl ? await upgrade(plain, wire, signal) : plain
    socket.on('error', () => undefined)
    // The socket is not ended from here: PgBouncer drops a request whose sender has gone.
    socket.write(packet(CANCEL_REQUEST, wire.processID, wire.secretKey))
    socket.resume()
    if (!socket.closed) await once(socket, 'close', { signal })
  } catch {
    // The statement's own connection decides what happened to it.
  } finally {
    plain.destroy()
  }
}

/** The very server that the connection reached, not whatever its name resolves to now. */
function dial({ host, port, connection: { stream } }: Wire): Socket {
  if (host.startsWith('/')) return connect(`${host}/.s.PGSQL.${port}`)
  return connect({ host: stream.remoteAddress ?? host, port: stream.remotePort ?? port })
}

async function upgrade(plain: Socket, { ssl, host }: Wire, signal: AbortSignal): Promise<Socket> {
  plain.write(packet(SSL_REQUEST))
  const [answer] = (await once(plain, 'data', { signal })) as [Buffer]
  if (answer[0] !== 0x53) return plain
  const secure = connectTls({
    ...(typeof ssl === 'object' ? ssl : {}),
    socket: plain,
    ...(isIP(host) === 0 ? { servername: host } : {}),
  })
  await once(secure, 'secureConnect', { signal })
  return secure
}

function packet(...words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + 4 * words.length)
  bytes.writeInt32BE(bytes.length, 0)
  words.forEach((word, n) => bytes.writeInt32BE(word, 4 + 4 * n))
  return bytes
}

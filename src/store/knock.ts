import { once } from 'node:events'
import { connect } from 'node:net'
import { addressOf } from './place.ts'

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/** Whether anybody speaks PostgreSQL there: the question for TLS, which needs no sign-in and takes up no connection of ours. */
export function knockAt(url: string): (ms: number) => Promise<boolean> {
  const { host, port } = addressOf(url)
  return async (ms) => {
    const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect({ host, port })
    socket.on('error', () => undefined)
    socket.write(SSL_REQUEST)
    try {
      await once(socket, 'data', { signal: AbortSignal.timeout(ms) })
      return true
    } catch {
      return false
    } finally {
      socket.destroy()
    }
  }
}

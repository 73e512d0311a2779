import { GatewayError } from '#/errors/gateway-error.ts'
import { assertNoTransaction } from '#/lib/held-connection.ts'
import { type Callback, connectPlain, type ConnectOptions, reason } from './connect.ts'

/** A socket of this machine. */
export interface LocalEndpoint {
  readonly path: string
  /** What is said first on every connection. */
  readonly preface: Buffer
}

/** Opens a socket of this machine and says its preface. Disposing gives it up without another word. */
export function openLocal({ path, preface }: LocalEndpoint, options: ConnectOptions, done: Callback): Disposable {
  assertNoTransaction('dialling')
  const socket = connectPlain({ path })
  let over = false
  const settle = (error: Error | null): void => {
    if (over) return
    over = true
    deadline[Symbol.dispose]()
    socket.off('error', failed)
    if (error === null) return done(null, socket)
    socket.on('error', () => {}).destroy()
    done(error)
  }
  const failed = (cause: Error): void => settle(unreachable(reason(cause), cause))
  const deadline = options.deadlines.add(options.connectMs, () => settle(unreachable('it does not take connections')))
  socket.on('error', failed)
  socket.once('connect', () => {
    socket.write(preface)
    settle(null)
  })
  return {
    [Symbol.dispose]() {
      if (over) return
      over = true
      deadline[Symbol.dispose]()
      socket.on('error', () => {}).destroy()
    },
  }
}

function unreachable(why: string, cause?: Error): GatewayError {
  return new GatewayError('upstream_unreachable', `the host of stdio servers: ${why}`, { cause })
}

import { once } from 'node:events'
import { createServer, isIPv6, type Server, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { GatewayError } from '#/errors/gateway-error.ts'

export interface ListenOptions {
  /** null: 127.0.0.1 and, where the machine has it, ::1. */
  readonly host: string | null
  /** 0: a free one, the same on both addresses. */
  readonly port: number
}

/** The sockets of the front door. Held by the supervisor alone, so they stay open while workers come and go. */
export class Listener {
  readonly port: number
  /** As in a URL: 127.0.0.1:4444, [::1]:4444. */
  readonly addresses: readonly string[]
  readonly #servers: readonly Server[]

  private constructor(servers: readonly Server[]) {
    this.#servers = servers
    this.port = portOf(servers[0])
    this.addresses = servers.map(addressOf)
  }

  /** Binds exclusively: a port in use is an error that says how to choose another. */
  static async open({ host, port }: ListenOptions, connected: (socket: Socket) => void): Promise<Listener> {
    if (host !== null) return new Listener([await bind(host, port, connected)])
    const first = await bind('127.0.0.1', port, connected)
    try {
      return new Listener([first, await bind('::1', portOf(first), connected)])
    } catch (error) {
      if (!hasCode(error, 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL')) {
        first.close()
        throw error
      }
      return new Listener([first])
    }
  }

  /**
   * Takes no more connections; those taken live on. What the system has accepted for us is taken first, since closing would reset
   * it, where whoever comes later is refused.
   */
  async close(): Promise<void> {
    await Promise.all(this.#servers.map(closeWhenEmpty))
  }
}

/** A round of the event loop that took nobody, and no longer than this: hardly anybody can have come unseen since. */
const SHORT_MS = 0.1
const LONGEST_MS = 500

async function closeWhenEmpty(server: Server): Promise<void> {
  let taken = 0
  const take = (): void => void (taken += 1)
  server.on('connection', take)
  const began = performance.now()
  for (let now = began, isEmpty = false; !isEmpty && now - began < LONGEST_MS;) {
    const [before, at] = [taken, now]
    await setImmediate()
    now = performance.now()
    isEmpty = taken === before && now - at < SHORT_MS
  }
  server.close()
}

/** As many as the system lets wait to be accepted: it takes the lesser of this and its own limit (net.core.somaxconn). */
const BACKLOG = 65_535

async function bind(host: string, port: number, connected: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ pauseOnConnect: true, noDelay: true }, connected)
  server.listen({ host, port, exclusive: true, backlog: BACKLOG })
  try {
    await once(server, 'listening')
    return server
  } catch (error) {
    throw explained(error, { host, port })
  }
}

function explained(error: unknown, { host, port }: { readonly host: string; readonly port: number }): unknown {
  if (hasCode(error, 'EADDRINUSE')) {
    const message = `port ${port} on ${host} is in use, perhaps by another Causeway: stop it, or choose another port with PORT=${port + 1}`
    return new GatewayError('conflict', message, { cause: error })
  }
  if (hasCode(error, 'EACCES')) {
    const message = `this account may not listen on port ${port}: choose one above 1023 with PORT=4444`
    return new GatewayError('forbidden', message, { cause: error })
  }
  if (hasCode(error, 'ENOTFOUND', 'EAI_AGAIN')) {
    return new GatewayError('invalid_field', `HOST is ${host}, which is no address of this machine`, { cause: error })
  }
  return error
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

function portOf(server: Server | undefined): number {
  const address = server?.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function addressOf(server: Server): string {
  const address = server.address()
  if (typeof address !== 'object' || address === null) return ''
  return `${isIPv6(address.address) ? `[${address.address}]` : address.address}:${address.port}`
}

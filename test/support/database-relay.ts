import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { Client } from 'pg'

/** open: as if it were not there. stalled: connections stay, nothing moves. deaf: what is asked arrives, no answer comes back. */
export type RelayMode = 'open' | 'closed' | 'stalled' | 'deaf'

export interface DatabaseRelay extends AsyncDisposable {
  /** The same database, reached through the relay. */
  readonly url: string
  /** `closed` cuts what is connected and refuses what comes. */
  set(mode: RelayMode): void
}

/** A TCP relay before a database, to take the database away without touching it. */
export async function databaseRelay(databaseUrl: string): Promise<DatabaseRelay> {
  const { host, port, user, password, database } = new Client(databaseUrl)
  const sockets = new Set<Socket>()
  let mode: RelayMode = 'open'
  const server = createServer((front) => {
    if (mode === 'closed') return front.destroy()
    const back = connect(host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port })
    for (const [from, to, deafTo] of [
      [front, back, false],
      [back, front, true],
    ] as const) {
      sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      from.on('data', (chunk) => {
        if (mode === 'open' || (mode === 'deaf' && !deafTo)) to.write(chunk)
      })
    }
    return undefined
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `postgresql://${user}:${encodeURIComponent(password ?? '')}@127.0.0.1:${(server.address() as AddressInfo).port}/${database}`,
    set(next) {
      mode = next
      if (mode === 'closed') cut()
    },
    async [Symbol.asyncDispose]() {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

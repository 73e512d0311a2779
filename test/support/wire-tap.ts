import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A relay in front of a PostgreSQL that notes what passes. */
export interface WireTap extends AsyncDisposable {
  readonly url: string
  /** How often the server said that it is ready for the next request since the last `reset`: one for each round trip. */
  readonly roundTrips: number
  /** Names of the parameters in every start-up packet. */
  readonly startUps: readonly (readonly string[])[]
  reset(): void
  /** From now on new connections are accepted and nothing is done with them. */
  swallow(): void
}

const READY = 0x5a

export async function wireTap(url: string): Promise<WireTap> {
  const there = new URL(url)
  const startUps: string[][] = []
  const sockets = new Set<Socket>()
  let roundTrips = 0
  let swallowing = false
  const server = createServer((near) => {
    if (swallowing) {
      sockets.add(near)
      return
    }
    const host = there.searchParams.get('host')
    const port = there.port === '' ? 5432 : Number(there.port)
    const far = host === null ? connect(port, there.hostname) : connect(`${host}/.s.PGSQL.${port}`)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
    }
    near.once('data', (first: Buffer) => startUps.push(parameterNames(first)))
    far.on(
      'data',
      messageTypes((type) => (roundTrips += type === READY ? 1 : 0)),
    )
    near.pipe(far).pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `postgresql://${there.username}:${there.password}@127.0.0.1:${port}${there.pathname}`,
    get roundTrips() {
      return roundTrips
    },
    startUps,
    reset() {
      roundTrips = 0
    },
    swallow() {
      swallowing = true
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Int32 length, Int32 protocol, then name and value in turn, each ended by a zero byte. */
function parameterNames(packet: Buffer): string[] {
  const words = packet
    .subarray(8, packet.readInt32BE(0) - 2)
    .toString()
    .split('\0')
  return words.filter((_, n) => n % 2 === 0)
}

/** Cuts a stream of the server's messages (a type byte, then an Int32 length that counts itself) wherever it is split. */
function messageTypes(seen: (type: number) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
      seen(rest[0] ?? 0)
      rest = rest.subarray(1 + rest.readInt32BE(1))
    }
  }
}

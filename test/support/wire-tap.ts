import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A relay in front of a PostgreSQL that notes what passes. */
export interface WireTap extends AsyncDisposable {
  readonly url: string
  /** How often the server said that it is ready for the next request since the last `reset`: one for each round trip. */
  readonly roundTrips: number
  /** Names of the parameters in every start-up packet. */
  readonly startUps: readonly (readonly string[])[]
  /** Every statement that was sent, whole. */
  readonly sent: readonly Sent[]
  reset(): void
  /** From now on new connections are accepted and nothing is done with them. */
  swallow(): void
}

/** A text that went to the server to be run or prepared; `name` is that of the prepared statement, if it has one. */
export interface Sent {
  readonly text: string
  readonly name: string
  /** How many rows have come back so far. */
  readonly rows: number
}

const READY = 0x5a
const QUERY = 0x51
const PARSE = 0x50
const DATA_ROW = 0x44

export async function wireTap(url: string): Promise<WireTap> {
  const there = new URL(url)
  const startUps: string[][] = []
  const sent: { text: string; name: string; rows: number }[] = []
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
    // One statement after the other on a connection: what comes back is of the last.
    let last: (typeof sent)[number] | undefined
    const note = (text: string, name: string): void => void sent.push((last = { text, name, rows: 0 }))
    near.once('data', (first: Buffer) => {
      // Requests for TLS and to cancel are as long as their code; they name nothing.
      if (first.readInt32BE(0) > 16) startUps.push(parameterNames(first))
      const listen = messages((type, body) => {
        if (type === QUERY) note(words(body)[0] ?? '', '')
        if (type !== PARSE) return
        const [name = '', text = ''] = words(body)
        note(text, name)
      })
      listen(first.subarray(first.readInt32BE(0)))
      near.on('data', listen)
    })
    far.on(
      'data',
      messages((type) => {
        if (type === READY) roundTrips++
        if (type === DATA_ROW && last !== undefined) last.rows++
      }),
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
    sent,
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

/** Texts that end with a zero byte. */
function words(body: Buffer): string[] {
  return body.toString().split('\0')
}

/** Cuts a stream of messages (a type byte, then an Int32 length that counts itself) wherever it is split. */
function messages(seen: (type: number, body: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
      const end = 1 + rest.readInt32BE(1)
      seen(rest[0] ?? 0, rest.subarray(5, end))
      rest = rest.subarray(end)
    }
  }
}

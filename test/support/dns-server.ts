import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'

export interface DnsServer extends AsyncDisposable {
  /** `address:port` */
  readonly at: string
  /** Questions so far, as `A name` or `AAAA name`. */
  readonly asked: string[]
  /** What `A name` and `AAAA name` answer; a name without an entry does not exist; null: no answer at all. */
  readonly zone: Map<string, readonly string[] | null>
}

/** A name server on loopback that knows what the test tells it (RFC 1035). */
export async function dnsServer(zone: Record<string, readonly string[] | null>, ttlSeconds = 30): Promise<DnsServer> {
  const socket = createSocket('udp4')
  const server = { asked: [] as string[], zone: new Map(Object.entries(zone)) }
  socket.on('message', (query, from) => {
    const { name, end } = readName(query)
    const type = query.readUInt16BE(end) === 28 ? 'AAAA' : 'A'
    const key = `${type} ${name}`
    server.asked.push(key)
    const known = server.zone.get(key)
    if (known === null) return
    const exists = known !== undefined || server.zone.has(`A ${name}`) || server.zone.has(`AAAA ${name}`)
    socket.send(
      reply(
        query.subarray(0, end + 4),
        (known ?? []).map((address) => record(address, ttlSeconds)),
        exists,
      ),
      from.port,
      from.address,
    )
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    ...server,
    at: `127.0.0.1:${String(socket.address().port)}`,
    async [Symbol.asyncDispose]() {
      socket.close()
      await once(socket, 'close')
    },
  }
}

function readName(query: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 }
}

function reply(question: Buffer, records: readonly Buffer[], exists: boolean): Buffer {
  const head = Buffer.from(question)
  head.writeUInt16BE(exists ? 0x8180 : 0x8183, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(records.length, 6)
  head.writeUInt32BE(0, 8)
  return Buffer.concat([head, ...records])
}

function record(address: string, ttlSeconds: number): Buffer {
  const data = isIPv6(address) ? expand(address) : Buffer.from(address.split('.').map(Number))
  const fixed = Buffer.alloc(12)
  fixed.writeUInt16BE(0xc00c, 0)
  fixed.writeUInt16BE(data.length === 16 ? 28 : 1, 2)
  fixed.writeUInt16BE(1, 4)
  fixed.writeUInt32BE(ttlSeconds, 6)
  fixed.writeUInt16BE(data.length, 10)
  return Buffer.concat([fixed, data])
}

function expand(address: string): Buffer {
  const [left = '', right] = address.split('::')
  const [first, last] = [groups(left), groups(right)]
  const all = [...first, ...Array.from({ length: 8 - first.length - last.length }, () => '0'), ...last]
  const bytes = Buffer.alloc(16)
  for (const [index, group] of all.entries()) bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2)
  return bytes
}

function groups(text: string | undefined): string[] {
  return text === undefined || text === '' ? [] : text.split(':')
}

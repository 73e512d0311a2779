import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, createServer as createRelay, type AddressInfo, type Server, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { call, gatewayAt, parsed, requestTo, startUpstreams } from '../support/upstream-calls.ts'

/** Runs each tool for real: by what its caller said, how often. */
async function countingServer(): Promise<{ readonly server: Server; readonly runs: Map<string, number> }> {
  const runs = new Map<string, number>()
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('error', () => {})
    request.on('end', (): void => {
      const { id, method, params } = parsed(Buffer.concat(pieces))
      if (method !== 'tools/call') return void response.writeHead(202).end()
      const { n } = params['arguments'] as unknown as { n: string }
      runs.set(n, (runs.get(n) ?? 0) + 1)
      const result = { resultType: 'complete', content: [{ type: 'text', text: `ran ${n}` }] }
      const body = JSON.stringify({ jsonrpc: '2.0', id, result })
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
    })
  }
  const server = createServer(handle).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, runs }
}

type Direction = 'request' | 'answer'

/** A relay before a server that resets its connection after so many bytes in one direction. */
async function cuttingRelay(to: number) {
  const cut: { direction: Direction; after: number } = { direction: 'request', after: Infinity }
  let passed = 0
  const open = new Set<Socket>()
  const relay = createRelay((client) => {
    const onward = connect(to, '127.0.0.1')
    const both = [client, onward]
    const pass = (direction: Direction, target: Socket) => (piece: Buffer) => {
      const left = cut.direction === direction ? cut.after - passed : Infinity
      if (cut.direction === direction) passed += piece.length
      target.write(piece.length < left ? piece : piece.subarray(0, Math.max(0, left)))
      // What has passed arrives before the reset does.
      if (piece.length >= left) setTimeout(() => both.forEach((each) => each.resetAndDestroy()), 3)
    }
    client.on('data', pass('request', onward))
    onward.on('data', pass('answer', client))
    for (const socket of both) {
      open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => both.forEach((each) => each.destroy()))
    }
  }).listen(0, '127.0.0.1')
  await once(relay, 'listening')
  return {
    url: `http://127.0.0.1:${(relay.address() as AddressInfo).port}/mcp`,
    /** From here on counted anew; Infinity: never. */
    cutAfter: (direction: Direction, after: number) => {
      cut.direction = direction
      cut.after = after
      passed = 0
    },
    close: () => {
      for (const socket of open) socket.destroy()
      relay.close()
    },
  }
}

const message = (n: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":{"n":"${n}"}}}`

const ERAS = { legacy: '2025-11-25', modern: '2026-07-28' } as const
/** So many in a row that came through: what is cut is longer than all there is. */
const ENOUGH = 5
const LONGEST = 2_000

test.each(
  (['legacy', 'modern'] as const).flatMap((era) =>
    (['request', 'answer'] as const).flatMap((direction) =>
      [false, true].map((idle) => ({ era, direction, over: idle ? ('a used' as const) : ('a new' as const) })),
    ),
  ),
)(
  'a reset after each byte of the $direction, $era, over $over connection: never run twice',
  async (given) => {
    const { era, direction, over } = given
    const { server, runs } = await countingServer()
    const relay = await cuttingRelay((server.address() as AddressInfo).port)
    await using parts = startUpstreams()
    let attempts = 0
    const answered: number[] = []
    const wrong: string[] = []
    async function ask(n: string, gateway: ReturnType<typeof gatewayAt>) {
      const heard = await call(parts.upstreams, requestTo(gateway, { clientRevision: ERAS[era] }, message(n)))
      const text = heard.messages.join('')
      if (heard.error === undefined && !text.includes(`ran ${n}`)) wrong.push(`${n}: another's answer ${text}`)
      return heard
    }
    const oneByte = async (after: number): Promise<void> => {
      const gateway = gatewayAt(relay.url, { era, revision: ERAS[era] })
      relay.cutAfter(direction, Infinity)
      if (over === 'a used') await ask(`warm ${after}`, gateway)
      relay.cutAfter(direction, after)
      const heard = await ask(`call ${after}`, gateway)
      attempts += heard.report.attempts
      if (heard.error === undefined) answered.push(after)
      else if (!/^upstream_(unreachable|invalid)$/.test(heard.error.code)) wrong.push(`${after}: ${heard.error.code}`)
      const ran = runs.get(`call ${after}`) ?? 0
      if (ran > 1) wrong.push(`${after}: ran ${ran} times`)
      if (ran === 1 && !heard.report.mayHaveRun) wrong.push(`${after}: ran, and is said not to have run`)
    }
    let tried = 0
    while (answered.length < ENOUGH && tried < LONGEST) await oneByte(++tried)
    relay.close()
    server.close()
    expect(wrong).toEqual([])
    expect(attempts / tried).toBeLessThanOrEqual(1.2)
    // Every byte was tried, up to the last.
    expect(answered).toEqual(Array.from({ length: ENOUGH }, (_, n) => tried - ENOUGH + 1 + n))
    expect(tried).toBeGreaterThan(150)
  },
  60_000,
)

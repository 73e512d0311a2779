import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ownPostgres, until } from '../../test/faults/site.ts'
import { startGateway, type RunningGateway } from '../../test/support/gateway.ts'
import { Line } from '../load/line.ts'
import { openSession, requestBytes, type Target } from '../load/target.ts'
import { startProgram } from '../program.ts'
import type { Fault, Finding, Lab } from './fault.ts'
import { bounded, exactly, least, noted, ratio, within } from './findings.ts'
import { inPairs, neighbours, p99Of } from './neighbours.ts'

const SLOW = 1_000

/** A head that comes a byte a second; when its connection was cut. */
function slowHead(url: URL, open: Set<Socket>): Promise<number> {
  const began = performance.now()
  const socket = connect(Number(url.port), url.hostname)
  open.add(socket)
  socket.on('error', () => {})
  socket.resume()
  socket.write('POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ')
  // Each at a moment of its own within the second.
  let drip = setTimeout(() => {
    socket.write('x')
    drip = setInterval(() => socket.write('x'), 1_000)
  }, 1_000 * Math.random())
  return new Promise((resolve) => {
    socket.on('close', () => {
      clearTimeout(drip)
      open.delete(socket)
      resolve(performance.now() - began)
    })
  })
}

const slowHeads: Fault = {
  name: 'slow heads',
  what: 'a thousand connections whose requests begin a byte a second',
  short: true,
  async run(lab: Lab) {
    const site = await lab.shared(neighbours)
    const good = { target: site.good(20), perSecond: 150 }
    const measure = async (): Promise<number> =>
      p99Of(await inPairs({ good, others: {}, pairs: 1, windowMs: 2_500 }), 'beside')
    const alone = await measure()
    const open = new Set<Socket>()
    const cut = Array.from({ length: SLOW }, () => slowHead(new URL(site.gateway.url), open))
    await sleep(500)
    const standing = open.size
    const beside = await measure()
    const slowest = Math.max(...(await Promise.all(cut)))
    return [
      exactly('connections that stood beside the calls', SLOW, standing),
      ratio('p99 of others’ calls beside them, over alone', 2, beside / alone),
      noted('that p99 alone and beside them', `${alone.toFixed(1)} and ${beside.toFixed(1)} ms`),
      within('the last of them is cut after', { must: 10_000 }, slowest),
    ]
  },
}

const LEAVERS = 1_000
const ROUNDS = 3

/** Calls that nobody waits for any more, in both eras and over /rpc. */
async function leave(targets: readonly Target[], hanging: () => Promise<number>): Promise<number> {
  const lines: Line[] = []
  for (const [n, target] of targets.entries()) {
    const { bytes } = requestBytes(target, await openSession(target))
    const share = Math.ceil((LEAVERS - n) / targets.length)
    for (let i = 0; i < share; i++) {
      const line = new Line(new URL(target.url), () => {})
      line.send(bytes, () => {})
      lines.push(line)
    }
  }
  await until('all calls hang', async () => (await hanging()) === LEAVERS, 20_000)
  for (const line of lines) line.cut()
  return await until('the server is rid of them', async () => (await hanging()) === 0, 10_000)
}

const PRELOAD = join(import.meta.dirname, '../../test/fixtures/collect-on-signal.ts')

const leavers: Fault = {
  name: 'clients that leave',
  what: 'three times a thousand calls in both eras whose clients go away while the server hangs',
  short: true,
  async run() {
    await using postgres = await ownPostgres()
    await using server = await startProgram('../test/fixtures/bad-server.ts')
    const env = { DATABASE_URL: await postgres.database(), NODE_OPTIONS: `--import=${PRELOAD}` }
    await using gateway = await startGateway({ env })
    const { id } = await gateway.register('bad', `${server.url}/legacy/hang/mcp`)
    const { id: modern } = await gateway.register('bad-too', `${server.url}/modern/hang/mcp`)
    const call = { method: 'tools/call', tool: 'call' } as const
    // Of two principals, since one has no thousand places for servers that hang.
    const tokens = [gateway.token, await narrowedToken(gateway)]
    const targets = [id, modern].flatMap((each) =>
      (['legacy', 'modern'] as const).flatMap((era) =>
        tokens.map((token): Target => ({ ...call, era, token, url: `${gateway.url}/gateways/${each}/mcp` })),
      ),
    )
    const worker = gateway.processes().find(({ command }) => command.includes('run-as-worker'))?.pid ?? 0
    const counted = async () =>
      (await (await fetch(`${server.url}/calls`)).json()) as { begun: number; open: number; cancelled: number }
    const held = async (): Promise<Held> => {
      await sleep(5_500)
      process.kill(worker, 'SIGUSR2')
      await sleep(500)
      const response = await fetch(`${gateway.url}/metrics`, { headers: { authorization: `Bearer ${gateway.token}` } })
      const text = await response.text()
      const of = (name: string): number => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1])
      return {
        heap: of('causeway_heap_used_bytes') / 1e6,
        inFlight: of('causeway_calls_in_flight'),
        queued: of('causeway_usage_records_queued'),
        handles: readdirSync(`/proc/${worker}/fd`).length,
      }
    }
    const rid: number[] = []
    const rounds: Held[] = [await held()]
    for (let n = 0; n < ROUNDS; n++) {
      rid.push(await leave(targets, async () => (await counted()).open))
      rounds.push(await held())
    }
    return leaverFindings(rid, rounds, await counted())
  },
}

async function narrowedToken(gateway: RunningGateway): Promise<string> {
  const wanted = { name: 'leaver', scope: { permissions: ['tools.execute'] } }
  const { status, body } = await gateway.api('POST', '/v1/tokens', wanted)
  if (status !== 201) throw new Error(`a token was not made: ${status} ${JSON.stringify(body)}`)
  return String(body['access_token'])
}

interface Held {
  readonly heap: number
  readonly inFlight: number
  readonly queued: number
  readonly handles: number
}

function leaverFindings(
  rid: readonly number[],
  rounds: readonly Held[],
  { begun, cancelled }: { readonly begun: number; readonly cancelled: number },
): readonly Finding[] {
  const [first, last] = [rounds[1], rounds.at(-1)]
  const grown = (last?.heap ?? Number.NaN) - (first?.heap ?? Number.NaN)
  const more = (last?.handles ?? Number.NaN) - (first?.handles ?? Number.NaN)
  return [
    exactly('calls that reached the server', LEAVERS * ROUNDS, begun),
    within('the server is rid of a thousand after', { must: 1_000, goal: 500 }, Math.max(...rid)),
    least('legacy servers told so', (LEAVERS * ROUNDS) / 2, cancelled),
    exactly('calls in flight afterwards', 0, last?.inFlight ?? Number.NaN),
    exactly('usage records still in memory', 0, last?.queued ?? Number.NaN),
    bounded(
      { figure: 'open files after the third thousand, over after the first', must: 8, goal: 2, unit: '', digits: 0 },
      more,
    ),
    bounded({ figure: 'heap after the third thousand, over after the first', must: 2, goal: 1, unit: ' MB' }, grown),
    noted('heap before and after each thousand', rounds.map(({ heap }) => `${heap.toFixed(1)} MB`).join(', ')),
  ]
}

/** What clients do to a gateway, knowingly or not. */
export const CLIENT_FAULTS: readonly Fault[] = [slowHeads, leavers]

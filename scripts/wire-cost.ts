/**
 * What the wire costs in CPU time: `node scripts/wire-cost.ts [--against CHECKOUT]`, which measures another checkout's code in
 * the same process, by turns.
 */
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { SseReader } from '#/lib/sse.ts'
import type { createAnswerRelay } from '#/mcp/answer-relay.ts'
import type { classify } from '#/mcp/classify.ts'
import type { Frame } from '#/mcp/frame.ts'
import type { readFrame } from '#/mcp/read-frame.ts'
import type { RelayOutput, RelayPlan } from '#/mcp/relay.ts'
import type { Revision } from '#/mcp/revision.ts'
import type { RequestPlan, writeRequest } from '#/mcp/write-request.ts'

const L = '2025-11-25'
const M = '2026-07-28'
const ROUNDS = 7

const envelope = {
  'io.modelcontextprotocol/protocolVersion': M,
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
}
const args = { location: 'Seattle, WA', units: 'metric', days: 5, detail: true, note: 'x'.repeat(120) }
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const request = (params: object): Buffer => json({ jsonrpc: '2.0', id: 17, method: 'tools/call', params })
const answer = (result: object): Buffer => json({ result, jsonrpc: '2.0', id: 7 })

const legacyCall = request({ name: 'get_weather', arguments: args })
const modernCall = request({ name: 'get_weather', arguments: args, _meta: envelope })
const smallAnswer = answer({ content: [{ type: 'text', text: 'Sunny, 21 °C, light wind' }], resultType: 'complete' })
const textAnswer = answer({
  content: [{ type: 'text', text: 'lorem ipsum dolor\n'.repeat(48) }],
  isError: false,
  structuredContent: { temperature: 21, wind: 'light' },
  resultType: 'complete',
})
const largeAnswer = answer({
  resultType: 'complete',
  content: [{ type: 'text', text: 'lorem ipsum dolor\n'.repeat(270_000) }],
})
const numbers = answer({
  resultType: 'complete',
  content: [],
  structuredContent: { n: Array.from({ length: 200_000 }, (_, i) => i / 7) },
})
const modernHeaders = { 'mcp-protocol-version': M, 'mcp-method': 'tools/call', 'mcp-name': 'get_weather' }

/** What is measured; of another checkout too, where one is given. */
interface Wire {
  readonly readFrame: typeof readFrame
  readonly classify: typeof classify
  readonly writeRequest: typeof writeRequest
  readonly createAnswerRelay: typeof createAnswerRelay
  readonly SseReader: typeof SseReader
}

async function load(root: string): Promise<Wire> {
  const files = ['mcp/read-frame.ts', 'mcp/classify.ts', 'mcp/write-request.ts', 'mcp/answer-relay.ts', 'lib/sse.ts']
  const modules = await Promise.all(
    files.map(async (file) => (await import(pathToFileURL(join(root, 'src', file)).href)) as object),
  )
  return Object.assign({}, ...modules) as Wire
}

const silent: RelayOutput = {
  answer() {},
  answered() {},
  notification() {},
  needsInput() {
    throw new Error('asks for input')
  },
  invalid(why) {
    throw new Error(why)
  },
}

const CELLS = [
  [L, L],
  [M, L],
  [L, M],
  [M, M],
] as const

type Work = () => void

function relay(wire: Wire, bytes: Buffer, [client, upstream]: readonly [Revision, Revision]): Work {
  const pieces = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, i) =>
    bytes.subarray(i * 65_536, (i + 1) * 65_536),
  )
  const plan: RelayPlan = {
    method: 'tools/call',
    clientRevision: client,
    upstreamRevision: upstream,
    clientId: Buffer.from('17'),
    upstreamId: 7,
    progressToken: undefined,
    logLevel: undefined,
    serverInfo: Buffer.from('{"name":"s","version":"1"}'),
  }
  return () => {
    const relayed = wire.createAnswerRelay(plan, silent)
    for (const piece of pieces) relayed.push(piece)
    relayed.endMessage()
  }
}

function frameOf(wire: Wire, bytes: Buffer): Frame {
  const read = wire.readFrame(bytes)
  if (!read.ok) throw new Error(read.detail)
  return read.frame
}

function write(wire: Wire, [client, upstream]: readonly [Revision, Revision]): Work {
  const plan: RequestPlan = {
    frame: frameOf(wire, client === M ? modernCall : legacyCall),
    clientRevision: client,
    upstreamRevision: upstream,
    upstreamId: 7,
    name: 'weather',
    progressToken: false,
    logLevel: client === M ? undefined : 'debug',
    capabilities: Buffer.from('{}'),
    clientInfo: Buffer.from('{"name":"causeway","version":"1"}'),
  }
  return () => wire.writeRequest(plan)
}

function events(wire: Wire): Work {
  const stream = Buffer.concat([Buffer.from('event: message\nid: 1\ndata: '), smallAnswer, Buffer.from('\n\n')])
  return () => new wire.SseReader({ data() {}, endEvent() {}, invalid() {} }).push(stream)
}

/** The steps of a small call, by name. */
function steps(wire: Wire): Map<string, Work> {
  const frame = frameOf(wire, modernCall)
  const named = (to: readonly [Revision, Revision]): string => to.map((each) => (each === M ? 'M' : 'L')).join('→')
  return new Map<string, Work>([
    [`read a legacy call, ${String(legacyCall.length)} bytes`, () => wire.readFrame(legacyCall)],
    [`read a modern call, ${String(modernCall.length)} bytes`, () => wire.readFrame(modernCall)],
    ['classify a modern call', () => wire.classify(modernHeaders, frame)],
    ...CELLS.map((cell) => [`write ${named(cell)}`, write(wire, cell)] as const),
    ['read an event', events(wire)],
    ...[smallAnswer, textAnswer].flatMap((bytes) =>
      CELLS.map((cell) => [`relay ${named(cell)}, ${String(bytes.length)} bytes`, relay(wire, bytes, cell)] as const),
    ),
    [`relay M→L, ${String(largeAnswer.length)} bytes of text`, relay(wire, largeAnswer, [M, L])],
    [`relay M→L, ${String(numbers.length)} bytes of numbers`, relay(wire, numbers, [M, L])],
  ])
}

/** Microseconds of CPU for one of `count` runs: other processes on the machine do not count. */
function timed(work: Work, count: number): number {
  const start = process.cpuUsage()
  for (let i = 0; i < count; i++) work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / count
}

/** How many runs take some 40 ms. */
function sizeFor(work: Work): number {
  return Math.max(1, Math.round(4e4 / Math.max(2, timed(work, 3) / 10)))
}

/** Medians over rounds in which all take turns. */
function measure(works: readonly Work[]): number[] {
  const size = sizeFor(works[0]!)
  for (const work of works) timed(work, size)
  const rounds = Array.from({ length: ROUNDS }, () => works.map((work) => timed(work, size)))
  return works.map((_, i) => rounds.map((round) => round[i]!).toSorted((a, b) => a - b)[ROUNDS >> 1]!)
}

function print(name: string, [here, there]: readonly (number | undefined)[]): void {
  const compared = here === undefined || there === undefined ? '' : `${there.toFixed(2).padStart(10)} µs there`
  const share = here === undefined || there === undefined ? '' : `  × ${(here / there).toFixed(2)}`
  console.log(`${name.padEnd(42)} ${(here ?? 0).toFixed(2).padStart(10)} µs${compared}${share}`)
}

const wires = [await load(join(import.meta.dirname, '..'))]
const against = parseArgs({ options: { against: { type: 'string' } } }).values.against
if (against !== undefined) wires.push(await load(resolve(against)))
const sets = wires.map(steps)
// All is compiled before anything is measured.
for (const each of sets) for (const work of each.values()) timed(work, sizeFor(work))
for (const name of sets[0]!.keys()) print(name, measure(sets.map((each) => each.get(name)!)))
for (const bytes of [modernCall, smallAnswer, textAnswer, largeAnswer, numbers])
  print(`JSON.parse of ${String(bytes.length)} bytes`, measure([() => JSON.parse(bytes.toString())]))

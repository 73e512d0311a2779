/** What the wire costs in CPU time: `node scripts/wire-cost.ts`. Compare with JSON.parse on the same bytes. */
import { SseReader } from '#/lib/sse.ts'
import { createAnswerRelay } from '#/mcp/answer-relay.ts'
import { classify } from '#/mcp/classify.ts'
import { readFrame } from '#/mcp/read-frame.ts'
import type { RelayOutput, RelayPlan } from '#/mcp/relay.ts'
import type { Revision } from '#/mcp/revision.ts'
import { writeRequest } from '#/mcp/write-request.ts'

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

function plan(client: Revision, upstream: Revision): RelayPlan {
  return {
    method: 'tools/call',
    clientRevision: client,
    upstreamRevision: upstream,
    clientId: Buffer.from('17'),
    upstreamId: 7,
    progressToken: undefined,
    logLevel: undefined,
    serverInfo: Buffer.from('{"name":"s","version":"1"}'),
  }
}

function relay(bytes: Buffer, client: Revision, upstream: Revision): () => void {
  const pieces = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, i) =>
    bytes.subarray(i * 65_536, (i + 1) * 65_536),
  )
  const how = plan(client, upstream)
  return () => {
    const relayed = createAnswerRelay(how, silent)
    for (const piece of pieces) relayed.push(piece)
    relayed.endMessage()
  }
}

function frameOf(bytes: Buffer): ReturnType<typeof readFrame> & { ok: true } {
  const read = readFrame(bytes)
  if (!read.ok) throw new Error(read.detail)
  return read
}

function write(bytes: Buffer, client: Revision, upstream: Revision): () => void {
  const { frame } = frameOf(bytes)
  const empty = Buffer.from('{}')
  const clientInfo = Buffer.from('{"name":"causeway","version":"1"}')
  const legs = { clientRevision: client, upstreamRevision: upstream, upstreamId: 7, progressToken: false }
  return () => writeRequest({ frame, ...legs, name: 'weather', capabilities: empty, clientInfo })
}

function events(): () => void {
  const stream = Buffer.concat([Buffer.from('event: message\nid: 1\ndata: '), smallAnswer, Buffer.from('\n\n')])
  return () => new SseReader({ data() {}, endEvent() {}, invalid() {} }).push(stream)
}

const us = (ms: number | undefined): string => ((ms ?? 0) * 1e3).toFixed(2)

function measure(name: string, work: () => void): void {
  const size = Math.max(1, Math.round(1e5 / Math.max(1, timed(work, 3) * 1e3)))
  timed(work, size)
  const rounds = Array.from({ length: ROUNDS }, () => timed(work, size)).toSorted((a, b) => a - b)
  console.log(
    `${name.padEnd(46)} ${us(rounds[ROUNDS >> 1]).padStart(9)} µs   (${us(rounds[0])} … ${us(rounds.at(-1))})`,
  )
}

/** Milliseconds of CPU for one of `count` runs: other processes on the machine do not count. */
function timed(work: () => void, count: number): number {
  const start = process.cpuUsage()
  for (let i = 0; i < count; i++) work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1e3 / count
}

const { frame } = frameOf(modernCall)
measure(`read a legacy call, ${String(legacyCall.length)} bytes`, () => readFrame(legacyCall))
measure(`read a modern call, ${String(modernCall.length)} bytes`, () => readFrame(modernCall))
measure('JSON.parse of the same', () => JSON.parse(modernCall.toString()))
measure('classify a modern call', () => classify(modernHeaders, frame))
measure('write L→L', write(legacyCall, L, L))
measure('write M→L', write(modernCall, M, L))
measure('write L→M', write(legacyCall, L, M))
measure('write M→M', write(modernCall, M, M))
measure('read an event', events())
for (const [client, upstream] of [
  [L, L],
  [M, L],
  [L, M],
  [M, M],
] as const) {
  const cell = `${client === M ? 'M' : 'L'}→${upstream === M ? 'M' : 'L'}`
  measure(`relay ${cell}, ${String(smallAnswer.length)} bytes`, relay(smallAnswer, client, upstream))
}
measure('JSON.parse + stringify of the same', () => JSON.stringify(JSON.parse(smallAnswer.toString())))
measure(`relay M→L, ${String(largeAnswer.length)} bytes of text`, relay(largeAnswer, M, L))
measure('JSON.parse of the same', () => JSON.parse(largeAnswer.toString()))
measure(`relay M→L, ${String(numbers.length)} bytes of numbers`, relay(numbers, M, L))
measure('JSON.parse of the same', () => JSON.parse(numbers.toString()))

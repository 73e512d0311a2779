import type { Fault as Kind } from '../../test/fixtures/bad-server.ts'
import type { Stream } from '../load/offer.ts'
import type { Fault, Finding, Lab } from './fault.ts'
import { exactly, least, none, noted, ratio, within } from './findings.ts'
import { DEADLINE_MS, inPairs, neighbours, p99Of, type Neighbours, type Pair } from './neighbours.ts'

/** How a server goes wrong, how much of it there is, and what its callers hear. */
interface Way {
  readonly kind: Kind
  readonly what: string
  /** JSON-RPC code, name of the error in REST and its status; absent: the answer is a good one. */
  readonly heard?: readonly [rpc: number, code: string, status: number]
  /** It is heard only when the call's time is over. */
  readonly late?: boolean
  readonly load: Omit<Stream, 'target'>
}

const OFTEN = { perSecond: 100 }
const STAYING = { perSecond: 60, patienceMs: 2 * DEADLINE_MS }
const POURING = { perSecond: 50, most: 8 }
const INVALID = [-32015, 'upstream_invalid', 502] as const
const LATE = [-32011, 'upstream_timeout', 504] as const

const WAYS: readonly Way[] = [
  { kind: 'hang', what: 'no answer, ever', heard: LATE, late: true, load: STAYING },
  { kind: 'reset', what: 'a reset for an answer', heard: [-32014, 'upstream_unreachable', 502], load: OFTEN },
  { kind: 'half', what: 'half a body, and the connection closed', heard: INVALID, load: OFTEN },
  { kind: 'junk', what: 'JSON that is none', heard: INVALID, load: OFTEN },
  { kind: 'wrong_id', what: 'an answer to another question', heard: INVALID, load: OFTEN },
  { kind: 'slow_head', what: 'a byte of the head every 100 ms', heard: LATE, late: true, load: STAYING },
  { kind: 'progress', what: 'progress without end, as fast as it is taken', heard: LATE, late: true, load: POURING },
  { kind: 'huge', what: 'answers of 100 MB, eight at a time', load: POURING },
  { kind: 'huge_events', what: 'events of 100 MB, eight at a time', load: POURING },
]

/** Of the good calls: what the server itself takes for them, and how many there are. */
const GOOD_MS = 20
const GOOD_PER_SECOND = 150

const nameOf = ({ kind }: Way): string => `bad-${kind.replaceAll('_', '-')}`
const urlOf = ({ kind }: Way, { badUrl }: Neighbours): string => `${badUrl}/legacy/${kind}/mcp`

async function storm(lab: Lab, ways: readonly Way[]): Promise<readonly Pair[]> {
  const site = await lab.shared(neighbours)
  const others: Record<string, Stream> = {}
  for (const way of ways) {
    const target = await site.bad(nameOf(way), urlOf(way, site))
    others[way.kind] = { ...way.load, target }
  }
  const good = { target: site.good(GOOD_MS), perSecond: GOOD_PER_SECOND }
  return await inPairs({ good, others, pairs: lab.short ? 3 : 5, windowMs: lab.short ? 1_500 : 3_000 })
}

function findingsOf(pairs: readonly Pair[]): readonly Finding[] {
  const [alone, beside] = [p99Of(pairs, 'alone'), p99Of(pairs, 'beside')]
  const others = pairs.flatMap((pair) => Object.values(pair.others))
  const heard = others.flatMap(({ outcomes }) => Object.values(outcomes))
  return [
    ratio('p99 of another server’s calls beside it, over alone', 1.2, beside / alone),
    noted('that p99 alone and beside it', `${alone.toFixed(1)} and ${beside.toFixed(1)} ms`),
    none(
      'its calls that failed',
      pairs.flatMap(({ failures }) => failures),
      pairs.reduce((sum, pair) => sum + pair.beside.count, 0),
    ),
    least(
      'calls to bad servers meanwhile',
      10,
      heard.reduce((sum, { count }) => sum + count, 0),
    ),
  ]
}

interface Answered {
  readonly status: number
  readonly code: string
  readonly ms: number
}

/** One call over /rpc and one over REST: each has one clear error, on time. */
async function clear(lab: Lab, way: Way): Promise<readonly Finding[]> {
  const site = await lab.shared(neighbours)
  await site.bad(nameOf(way), urlOf(way, site))
  const { heard, late = false } = way
  if (heard === undefined) return []
  const tool = `${nameOf(way)}-call`
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: {} } }
  const rpc = await asked(site, '/rpc', call)
  const found = await site.gateway.api('GET', `/v1/tools?search=${tool}`)
  const id = idOf(found.body, tool)
  const rest = await asked(site, `/v1/tools/${id}/call`, { arguments: {} })
  const shown = (which: string, answer: Answered, wanted: string): Finding[] => [
    exactly(`what a caller hears ${which}`, wanted, `${answer.status} ${answer.code}`),
    late
      ? within(`after, ${which}`, { must: DEADLINE_MS + 500, goal: DEADLINE_MS + 100 }, answer.ms)
      : within(`after, ${which}`, { must: 500, goal: 50 }, answer.ms),
  ]
  return [...shown('over /rpc', rpc, `200 ${heard[0]}`), ...shown('over REST', rest, `${heard[2]} ${heard[1]}`)]
}

function idOf(body: unknown, name: string): string {
  const tools = body as readonly { readonly id: string; readonly name: string }[]
  const tool = tools.find((one) => one.name === name)
  if (tool === undefined) throw new Error(`there is no tool ${name}: ${JSON.stringify(body).slice(0, 300)}`)
  return tool.id
}

async function asked({ gateway }: Neighbours, path: string, body: object): Promise<Answered> {
  const began = performance.now()
  const response = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  const ms = performance.now() - began
  const { code, error } = JSON.parse(text) as { code?: string; error?: { code: number } }
  return { status: response.status, code: String(error?.code ?? code), ms }
}

const each = (way: Way): Fault => ({
  name: `upstream: ${way.kind.replaceAll('_', ' ')}`,
  what: way.what,
  run: async (lab) => [...(await clear(lab, way)), ...findingsOf(await storm(lab, [way]))],
})

const isPouring = ({ load }: Way): boolean => load === POURING

/** Servers that go wrong: what their own callers hear, and that nobody else notices. */
export const UPSTREAM_FAULTS: readonly Fault[] = [
  {
    name: 'upstreams that fail',
    what: 'six servers that hang, reset, answer in part, in no JSON, to other questions and drop by drop, all at once',
    short: true,
    async run(lab) {
      const failing = WAYS.filter((way) => !isPouring(way))
      const heard: Finding[] = []
      for (const way of failing) heard.push(...(await clear(lab, way)).map((one) => named(way, one)))
      return [...heard, ...findingsOf(await storm(lab, failing))]
    },
  },
  {
    name: 'upstreams that pour',
    what: 'progress without end and answers of 100 MB, twenty-four at a time',
    short: true,
    run: async (lab) => findingsOf(await storm(lab, WAYS.filter(isPouring))),
  },
  ...WAYS.map(each),
]

const named = ({ kind }: Way, finding: Finding): Finding => ({
  ...finding,
  figure: `${kind.replaceAll('_', ' ')}: ${finding.figure}`,
})

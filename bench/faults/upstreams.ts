import type { Stream } from '../load/offer.ts'
import type { Fault, Finding, Lab } from './fault.ts'
import { least, none, noted, ratio } from './findings.ts'
import { clear } from './heard.ts'
import { inPairs, neighbours, p99Of, type Pair } from './neighbours.ts'
import { retries } from './retries.ts'
import { upstreamDown } from './upstream-down.ts'
import { isPouring, WAYS, type Way } from './ways.ts'

/** Of the good calls: what the server itself takes for them, and how many there are. */
const GOOD_MS = 20
const GOOD_PER_SECOND = 150

async function storm(lab: Lab, ways: readonly Way[]): Promise<readonly Pair[]> {
  const site = await lab.shared(neighbours)
  const others: Record<string, Stream> = {}
  for (const way of ways) others[way.name] = { ...way.load, target: await way.open(site) }
  const good = { target: site.good(GOOD_MS), perSecond: GOOD_PER_SECOND }
  const control = { target: site.straight(GOOD_MS), perSecond: GOOD_PER_SECOND }
  return await inPairs({ good, control, others, pairs: lab.short ? 3 : 5, windowMs: lab.short ? 1_500 : 3_000 })
}

function findingsOf(pairs: readonly Pair[]): readonly Finding[] {
  const [alone, beside] = [p99Of(pairs, 'alone'), p99Of(pairs, 'beside')]
  const controls = pairs.map(({ control }) => control)
  const others = pairs.flatMap((pair) => Object.values(pair.others))
  const heard = others.flatMap(({ outcomes }) => Object.values(outcomes))
  return [
    ratio('p99 of another server’s calls beside it, over alone', 1.2, beside / alone),
    noted('that p99 alone and beside it', `${alone.toFixed(1)} and ${beside.toFixed(1)} ms`),
    noted(
      'the same of calls straight to that server',
      (p99Of(controls, 'beside') / p99Of(controls, 'alone')).toFixed(2),
    ),
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

const each = (way: Way): Fault => ({
  name: `upstream: ${way.name}`,
  what: way.what,
  run: async (lab) => [...(await clear(lab, way)), ...findingsOf(await storm(lab, [way]))],
})

/** Servers that go wrong: what their own callers hear, and that nobody else notices. */
export const UPSTREAM_FAULTS: readonly Fault[] = [
  {
    name: 'upstreams that fail',
    what: 'nine servers at once that hang, reset, answer wrongly or drop by drop, or are not reached: TLS, names',
    short: true,
    async run(lab) {
      const failing = WAYS.filter((way) => !isPouring(way))
      const heard = await Promise.all(failing.map(async (way) => (await clear(lab, way)).map((one) => named(way, one))))
      return [...heard.flat(), ...findingsOf(await storm(lab, failing))]
    },
  },
  {
    name: 'upstreams that pour',
    what: 'progress without end and answers of 100 MB, twenty-four at a time',
    short: true,
    run: async (lab) => findingsOf(await storm(lab, WAYS.filter(isPouring))),
  },
  upstreamDown,
  retries,
  ...WAYS.map(each),
]

const named = ({ name }: Way, finding: Finding): Finding => ({ ...finding, figure: `${name}: ${finding.figure}` })

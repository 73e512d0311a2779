import { setTimeout as sleep } from 'node:timers/promises'
import { processTree } from '../../test/support/processes.ts'
import { Offering } from '../load/offering.ts'
import type { Taken, Waits } from '../load/offer.ts'
import type { Fault, Finding, Lab } from './fault.ts'
import { bounded, exactly, noted, within } from './findings.ts'
import { neighbours, type Neighbours } from './neighbours.ts'

/** What the server takes for a call, so that the places of one principal are what runs out, and not a slow machine's time. */
export const CALL_MS = 5_000
/** More or less: calls that all took the same would leave full places in waves, as they were taken, again and again. */
export const SPREAD_MS = 2_000
/** More connections than these no client opens: the server would be kept busy with accepting them, not with calls. */
export const MOST_CONNECTIONS = 2_000
/** Who had to wait for a place, or for the end of a queue, would be ten times later at the least. */
export const REFUSALS = { must: 100, far: 10 }
/** Of a principal's thousand, what calls to one server may take. */
const PLACES = 666
const PEAK_PER_SECOND = (PLACES * 1_000) / CALL_MS
const AFTERWARDS_MS = 10_000
/** Connections are opened meanwhile, not all at once: the more calls there are, the longer. */
const risingMs = (factor: number): number => 400 * factor

interface Measured {
  readonly perSecond: number
  readonly refused: Waits | undefined
  readonly withoutRetryAfter: number
  /** Neither answered nor refused. */
  readonly other: readonly string[]
  readonly healthP99: number
  readonly cpuShare: number
}

async function offered(site: Neighbours, factor: number, windowMs: number): Promise<Measured> {
  using offering = new Offering()
  const stream = {
    target: site.good(CALL_MS, SPREAD_MS),
    perSecond: PEAK_PER_SECOND * factor,
    risingMs: risingMs(factor),
    most: MOST_CONNECTIONS,
  }
  const cpu = (): number =>
    processTree(site.gateway.pid).reduce((sum, each) => sum + (each.isPostgres ? 0 : each.cpuMs), 0)
  const watching = new AbortController()
  const health = watchHealth(site.gateway.url, watching.signal)
  let before = 0
  const taken = await offering.run(
    { streams: { stream }, warmUpMs: risingMs(factor) + CALL_MS + SPREAD_MS, windowMs },
    () => {
      before = cpu()
    },
  )
  const cpuShare = (cpu() - before) / windowMs
  watching.abort()
  const { outcomes, withoutRetryAfter, seconds } = taken['stream'] as Taken
  return {
    perSecond: (outcomes['ok']?.count ?? 0) / seconds,
    refused: outcomes['429'],
    withoutRetryAfter,
    other: Object.keys(outcomes).filter((name) => !['ok', '429', 'unsent'].includes(name)),
    healthP99: (await health).toSorted((a, b) => a - b).at(-2) ?? Number.NaN,
    cpuShare,
  }
}

async function watchHealth(url: string, until: AbortSignal): Promise<readonly number[]> {
  const waits: number[] = []
  for (; !until.aborted; await sleep(40)) {
    const began = performance.now()
    const answer = await fetch(`${url}/health`)
    await answer.arrayBuffer()
    waits.push(answer.status === 200 ? performance.now() - began : Number.NaN)
  }
  return waits
}

function findingsOf(factor: number, peak: Measured, at: Measured): readonly Finding[] {
  const name = `at ${factor} ×`
  const goodput = { figure: `${name}: goodput of the peak`, must: 90, goal: 95, unit: ' %', atLeast: true }
  return [
    bounded(goodput, (100 * at.perSecond) / peak.perSecond),
    within(`${name}: p99 of refusals`, REFUSALS, at.refused?.p99 ?? Number.NaN),
    exactly(`${name}: refusals that do not say when to come back`, 0, at.withoutRetryAfter),
    exactly(`${name}: neither answered nor refused`, 'nothing', at.other.join(', ') || 'nothing'),
    within(`${name}: /health, the slowest but one`, { must: 250, goal: 50 }, at.healthP99),
    noted(
      `${name}: refused, and the gateway's share of a core`,
      `${at.refused?.count ?? 0}, ${(100 * at.cpuShare).toFixed(0)} % (at the peak ${(100 * peak.cpuShare).toFixed(0)} %)`,
    ),
  ]
}

async function run(lab: Lab): Promise<readonly Finding[]> {
  const site = await lab.shared(neighbours)
  const windowMs = (lab.short ? 1 : 2) * CALL_MS
  const peak = await offered(site, 1.1, windowMs)
  const findings: Finding[] = []
  for (const factor of [2, 5, 10]) findings.push(...findingsOf(factor, peak, await offered(site, factor, windowMs)))
  const ended = performance.now()
  for (;;) {
    const calm = await offered(site, 0.5, 1_000)
    const isNormal = calm.refused === undefined && calm.other.length === 0
    if (isNormal || performance.now() - ended > 3 * AFTERWARDS_MS)
      return [
        ...findings,
        noted('answered a second at the peak', peak.perSecond.toFixed(0)),
        within(
          'normal again, measured included',
          { must: AFTERWARDS_MS },
          isNormal ? performance.now() - ended : Infinity,
        ),
      ]
  }
}

export const overload: Fault = {
  name: 'overload',
  what: 'two, five and ten times as many calls as there are places for, whether or not they are answered',
  short: true,
  run,
}

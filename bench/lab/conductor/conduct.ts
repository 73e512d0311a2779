import { cpus, totalmem } from 'node:os'
import type { Sums } from '../generator/orders.ts'
import type { Minute, Results, Tick } from '../results.ts'
import type { Conduct, Run } from '../run.ts'
import { Generators } from './generators.ts'
import { mergeFailures, mergeKinds, mergeTicks } from './merge.ts'
import { Minutes } from './minutes.ts'
import { partsOf } from './parts.ts'

/** So that every generator has heard when second 0 is before it comes. */
const HEAD_START_MS = 200

export const conduct: Conduct = async (run) => {
  using generators = new Generators(partsOf(run))
  await generators.ready()
  const ticks: Tick[] = []
  const minutes = new Minutes(run.scenario)
  const at = Date.now() + HEAD_START_MS
  generators.tell({ kind: 'begin', at })
  const stop = (): void => generators.tell({ kind: 'stop' })
  run.stop.addEventListener('abort', stop, { once: true })
  if (run.stop.aborted) stop()
  for await (const parts of generators.ticks()) {
    const tick = { ...mergeTicks(parts), database: run.database?.tick() ?? null, gateway: run.gateway?.tick() ?? null }
    if (tick.at === run.scenario.rampSeconds) run.database?.begin()
    ticks.push(tick)
    minutes.add(tick, parts)
    run.progress(tick)
  }
  run.stop.removeEventListener('abort', stop)
  return resultsOf(run, { ticks, minutes: minutes.whole, sums: generators.sums, beganAt: new Date(at).toISOString() })
}

interface Gathered {
  readonly ticks: readonly Tick[]
  readonly minutes: readonly Minute[]
  readonly sums: readonly Sums[]
  readonly beganAt: string
}

function resultsOf({ scenario, site, database }: Run, { ticks, minutes, sums, beganAt }: Gathered): Results {
  const lasted = (ticks.at(-1)?.at ?? 0) - scenario.rampSeconds
  return {
    format: 1,
    scenario,
    target: { name: site.name, url: site.origin, version: site.version },
    machine: {
      cores: cpus().length,
      cpu: cpus()[0]?.model ?? 'unknown',
      node: process.version,
      memoryGb: Math.round(totalmem() / 2 ** 30),
    },
    beganAt,
    measuredFrom: scenario.rampSeconds,
    measuredSeconds: Math.max(0, Math.min(scenario.seconds, lasted)),
    kinds: mergeKinds(sums),
    ticks,
    minutes,
    database: database?.result() ?? null,
    failures: mergeFailures(sums),
    foreignAnswers: sums.reduce((sum, { foreignAnswers }) => sum + foreignAnswers, 0),
    generators: generatorsOf(sums),
  }
}

function generatorsOf(sums: readonly Sums[]): Results['generators'] {
  const cpuMs = sums.reduce((sum, each) => sum + each.cpuMs, 0)
  const elapsedMs = Math.max(1, ...sums.map((each) => each.elapsedMs))
  const answers = sums.reduce((sum, each) => sum + each.answers, 0)
  return {
    processes: sums.length,
    loopDelayP99Ms: Math.max(0, ...sums.map((each) => each.loopDelayP99Ms)),
    cpuPercent: (cpuMs / elapsedMs) * 100,
    cpuMicrosPerAnswer: answers === 0 ? 0 : (cpuMs * 1000) / answers,
  }
}

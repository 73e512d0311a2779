import type { Measured, Watched } from '../load/measure.ts'
import type { Target } from '../load/target.ts'
import { startProgram } from '../program.ts'
import { judge, note, type Row } from '../table.ts'
import { ERAS, type Bench, type Era, type Scenario } from './scenario.ts'

/** A relay needs some ten thousand calls before its code is as fast as it gets, however long a busy machine takes for them. */
const WARM_UP_CALLS = 30_000

interface Subject {
  readonly name: string
  readonly target: Target
  readonly watched?: Watched
  readonly concurrency: number
}

type Round = Readonly<Record<string, Measured>>

const CALL = { method: 'tools/call', tool: 'echo', arguments: { text: 'hello' } } as const

/** `tools/call` through the gateway against the bare hop, in turns, so that a slow minute of the machine meets both. */
export const calls: Scenario = async (bench) => {
  await using hop = await startProgram('bare-hop.ts', { UPSTREAM: bench.upstream })
  const rows: Row[] = []
  for (const era of ERAS) {
    const path = `/${era}/mcp`
    const { id } = await bench.gateway.register(`calls-${era}`, bench.upstream + path)
    const through = { era, ...CALL, url: `${bench.gateway.url}/gateways/${id}/mcp`, token: bench.gateway.token }
    const direct = { era, ...CALL, url: bench.upstream + path }
    const hopped = { era, ...CALL, url: hop.url + path }
    const watched = { pid: bench.gateway.pid, postgresPid: bench.postgres.pid }
    const subjects: Subject[] = [
      { name: 'hop16', target: hopped, watched: hop, concurrency: 16 },
      { name: 'gateway16', target: through, watched, concurrency: 16 },
      { name: 'direct1', target: direct, concurrency: 1 },
      { name: 'gateway1', target: through, watched, concurrency: 1 },
    ]
    rows.push(...rowsOf(era, await roundsOf(bench, era, subjects)))
  }
  return rows
}

async function roundsOf(bench: Bench, era: Era, subjects: readonly Subject[]): Promise<Round[]> {
  const measure = async (subject: Subject, windowMs: number, warmUpCalls = 0) => {
    const { target, concurrency } = subject
    const measured = await bench.load.run(
      { target, concurrency, warmUpMs: 300, warmUpCalls, windowMs },
      subject.watched,
    )
    if (measured.failures > 0) throw new Error(`${measured.failures} of the calls failed: ${era} ${subject.name}`)
    return measured
  }
  for (const subject of subjects) await measure(subject, 300, WARM_UP_CALLS)
  const rounds: Round[] = []
  for (let round = 0; round < bench.rounds; round++) {
    const order = round % 2 === 0 ? subjects : subjects.toReversed()
    const measured: Record<string, Measured> = {}
    for (const subject of order) measured[subject.name] = await measure(subject, bench.windowMs)
    bench.say(`calls, ${era}, round ${round + 1}: ${summary(measured)}`)
    rounds.push(measured)
  }
  return rounds
}

const summary = (round: Round): string =>
  Object.entries(round)
    .map(
      ([name, { rate, cpuMicros, p50 }]) =>
        `${name} ${rate.toFixed(0)}/s ${cpuMicros.toFixed(0)}µs p50 ${p50.toFixed(2)}ms`,
    )
    .join(' · ')

function rowsOf(era: Era, rounds: readonly Round[]): Row[] {
  const of = (name: string, field: keyof Measured) => rounds.map((round) => round[name]?.[field] ?? Number.NaN)
  const ratio = (field: keyof Measured) =>
    rounds.map((round) => (100 * (round['gateway16']?.[field] ?? 0)) / (round['hop16']?.[field] ?? 1))
  const added = rounds.map((round) => (round['gateway1']?.p50 ?? Number.NaN) - (round['direct1']?.p50 ?? 0))
  return [
    judge(
      { figure: `tools/call ${era}: rate at 16, % of the bare hop`, must: 100, goal: 150, unit: ' %', atLeast: true },
      ratio('rate'),
    ),
    judge(
      { figure: `tools/call ${era}: CPU per call, % of the bare hop`, must: 100, goal: 67, unit: ' %' },
      ratio('cpuMicros'),
    ),
    judge({ figure: `tools/call ${era}: added p50 at 1`, must: 0.6, goal: 0.3, unit: ' ms', digits: 3 }, added),
    note(`tools/call ${era}: rate at 16, gateway`, ' /s', of('gateway16', 'rate')),
    note(`tools/call ${era}: rate at 16, bare hop`, ' /s', of('hop16', 'rate')),
    note(`tools/call ${era}: CPU per call, supervisor and worker`, ' µs', of('gateway16', 'cpuMicros'), 1),
    note(`tools/call ${era}: CPU per call, bare hop`, ' µs', of('hop16', 'cpuMicros'), 1),
    note(`tools/call ${era}: CPU per call, PostgreSQL beside it`, ' µs', of('gateway16', 'postgresMicros'), 1),
    note(`tools/call ${era}: p99 at 16, gateway`, ' ms', of('gateway16', 'p99'), 2),
  ]
}

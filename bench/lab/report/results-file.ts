import { readFileSync } from 'node:fs'
import { Type, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import type { Results } from '../results.ts'
import type { Scenario } from '../scenario.ts'

const N = Type.Number()
const S = Type.String()
const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const Percentiles = Type.Object({ count: N, p50: N, p90: N, p99: N, p999: N, max: N, mean: N })
const Kind = Type.Object({ kind: S, answered: N, failed: N, refused: N, total: Percentiles, added: Percentiles })
const Pair = Type.Object({ p50: N, p99: N })
const DatabaseTick = Type.Object({ looks: N, states: Type.Record(S, N), connections: N, oldestTransactionMs: N })
const ProcessTick = Type.Object({ rssMb: N, cpuPercent: N, loopDelayMs: orNull(N) })
const Tick = Type.Object({
  at: N,
  users: N,
  inFlight: N,
  answered: N,
  failed: N,
  refused: N,
  openStreams: N,
  added: Pair,
  lists: Pair,
  database: orNull(DatabaseTick),
  gateway: orNull(ProcessTick),
})
const Minute = Type.Object({ at: N, answered: N, added: Pair })
const Activity = Type.Object({ source: S, state: S, count: N, avgAgeMs: N, maxAgeMs: N })
const Database = Type.Object({
  looks: N,
  looksWithoutIdleInTransaction: N,
  idleInTransactionMax: N,
  oldestTransactionMs: N,
  connectionsMax: N,
  errors: Type.Record(S, N),
  activity: Type.Array(Activity),
})
/** Of the scenario only what a report speaks of; the rest is shown as it stands. */
const Named = Type.Object({
  name: S,
  about: S,
  loop: Type.Union([
    Type.Object({ kind: Type.Literal('closed'), users: N, thinkSeconds: Type.Tuple([N, N]) }),
    Type.Object({ kind: Type.Literal('open'), users: N, perSecond: N }),
  ]),
})
const Schema = Type.Object({
  format: Type.Literal(1),
  scenario: Named,
  target: Type.Object({ name: S, url: S, version: orNull(S) }),
  machine: Type.Object({ cores: N, cpu: S, node: S, memoryGb: N }),
  beganAt: S,
  measuredFrom: N,
  measuredSeconds: N,
  kinds: Type.Array(Kind),
  ticks: Type.Array(Tick),
  minutes: Type.Array(Minute),
  database: orNull(Database),
  failures: Type.Array(Type.Object({ kind: S, reason: S, count: N, example: S })),
  foreignAnswers: N,
  generators: Type.Object({ processes: N, loopDelayP99Ms: N, cpuPercent: N, cpuMicrosPerAnswer: N }),
})

export class NotResults extends Error {}

/** What `file` holds, once it is known to be what a report is made of. */
export function readResults(file: string): Results {
  try {
    return parseResults(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new NotResults(`${file} is not what a run of the laboratory writes: ${(cause as Error).message}`, { cause })
  }
}

export function parseResults(text: string): Results {
  const value: unknown = JSON.parse(text)
  if (!Value.Check(Schema, value)) {
    const wrong = Value.Errors(Schema, value)[0]
    const field = wrong?.instancePath.slice(1).replaceAll('/', '.') ?? ''
    throw new NotResults(`${field || 'the whole'} ${wrong?.message ?? 'is something else'}`)
  }
  const { scenario, ...rest } = value
  return { ...rest, scenario: scenario as Scenario }
}

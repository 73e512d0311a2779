import { hasAnswers } from '../judge.ts'
import type { DatabaseResult, KindResult, Results } from '../results.ts'
import { share, UNITS, whole } from './units.ts'

export type State = 'good' | 'fair' | 'poor' | 'plain' | 'unknown'

export interface Verdict {
  readonly name: string
  readonly figure: string
  readonly detail: string
  readonly state: State
}

const RELAY = 'relay '
export const isRelay = ({ kind }: KindResult): boolean => kind.startsWith(RELAY)

const NOT_SEEN = {
  figure: 'not seen',
  detail: 'nobody may look into this target’s database',
  state: 'unknown',
} as const

/** What anybody tolerates: one request in ten thousand. */
const FAILED_SHARE = 0.0001
/** A transaction that waits for nothing is over sooner. */
const AGE_MS = 100
/** Databases that guard themselves end a transaction that idles as long. */
const AGE_AT_MOST_MS = 5000

const sum = (kinds: readonly KindResult[], of: 'answered' | 'failed' | 'refused'): number =>
  kinds.reduce((all, kind) => all + kind[of], 0)

function failed({ kinds }: Results): Verdict {
  const own = kinds.filter((kind) => !isRelay(kind))
  const [answered, failures, refused] = [sum(own, 'answered'), sum(own, 'failed'), sum(own, 'refused')]
  const asked = answered + failures + refused
  const state = failures === 0 ? 'good' : failures / asked <= FAILED_SHARE ? 'fair' : 'poor'
  const part = failures === 0 ? '' : `${share(failures, asked)} `
  const away = refused === 0 ? '' : `, ${whole(refused)} refused`
  return {
    name: 'Failed requests',
    figure: whole(failures),
    detail: `${part}of ${whole(asked)}${away}`,
    state: asked === 0 ? 'unknown' : state,
  }
}

function foreign(results: Results): Verdict {
  const name = 'Answers to the wrong caller'
  const { foreignAnswers } = results
  if (foreignAnswers === 0 && !hasAnswers(results))
    return { name, figure: 'not seen', detail: 'nothing was answered', state: 'unknown' }
  const detail = 'every answer names whom it is for'
  return { name, figure: whole(foreignAnswers), detail, state: foreignAnswers === 0 ? 'good' : 'poor' }
}

/** What the database shows; that it cannot be seen is a finding of its own. */
const ofDatabase =
  (name: string, of: (database: DatabaseResult) => Omit<Verdict, 'name'>) =>
  ({ database }: Results): Verdict => ({ name, ...(database === null ? NOT_SEEN : of(database)) })

const idle = ofDatabase('Idle in transaction', (database) => ({
  figure: whole(database.idleInTransactionMax),
  detail: `at most; none in ${share(database.looksWithoutIdleInTransaction, database.looks)} of ${whole(database.looks)} looks`,
  state: database.idleInTransactionMax === 0 ? 'good' : database.idleInTransactionMax === 1 ? 'fair' : 'poor',
}))

const transaction = ofDatabase('Oldest transaction', ({ oldestTransactionMs: age }) => ({
  figure: UNITS.ms(age),
  detail: `${UNITS.ms(AGE_MS)} is enough for one that waits for nothing`,
  state: age < AGE_MS ? 'good' : age < AGE_AT_MOST_MS ? 'fair' : 'poor',
}))

const connections = ofDatabase('Database connections', ({ connectionsMax }) => ({
  figure: whole(connectionsMax),
  detail: 'at most, all processes together',
  state: 'plain',
}))

const errors = ofDatabase('Database errors', ({ errors }) => {
  const seen = Object.entries(errors).filter(([, count]) => count > 0)
  const all = seen.reduce((total, [, count]) => total + count, 0)
  const looked = Object.keys(errors).join(', ')
  return {
    figure: whole(all),
    detail: seen.map(([what, count]) => `${what}: ${whole(count)}`).join(', ') || (looked && `none of ${looked}`),
    state: all === 0 ? 'good' : 'poor',
  }
})

/** A percentile of one kind of request, beside what the bare relay took in the same run. */
const latency =
  (name: string, kind: string, of: (result: KindResult) => number) =>
  ({ kinds }: Results): Verdict => {
    const own = kinds.find((each) => each.kind === kind && each.total.count > 0)
    if (!own) return { name, figure: '–', detail: 'none was answered', state: 'unknown' }
    const relay = kinds.find((each) => each.kind === RELAY + kind && each.total.count > 0)
    const detail =
      relay === undefined
        ? `of ${whole(own.total.count)} answers`
        : `${(of(own) / of(relay)).toFixed(2)} × a bare relay’s ${UNITS.ms(of(relay))}`
    return { name, figure: UNITS.ms(of(own)), detail, state: 'plain' }
  }

function throughput({ kinds, measuredSeconds, ticks }: Results): Verdict {
  const own = kinds.filter((kind) => !isRelay(kind))
  const most = ticks.reduce((top, { inFlight }) => Math.max(top, inFlight), 0)
  return {
    name: 'Answered',
    figure: measuredSeconds > 0 ? UNITS.rate(sum(own, 'answered') / measuredSeconds) : '–',
    detail: `${whole(most)} in flight at most`,
    state: 'plain',
  }
}

export const VERDICTS: readonly ((results: Results) => Verdict)[] = [
  failed,
  foreign,
  idle,
  transaction,
  latency('Added to a call, p50', 'call', ({ added }) => added.p50),
  latency('Added to a call, p99', 'call', ({ added }) => added.p99),
  latency('A list, p99', 'list', ({ total }) => total.p99),
  throughput,
  connections,
  errors,
]

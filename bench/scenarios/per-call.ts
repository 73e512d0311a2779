import { setTimeout as sleep } from 'node:timers/promises'
import { judge, note, type Row } from '../table.ts'
import { ERAS, type Bench, type Era, type Scenario } from './scenario.ts'

interface Counts {
  readonly statements: number
  /** Batches of usage records, which are written aside. */
  readonly batches: number
  readonly connects: number
  readonly upstreamConnects: number
  readonly handshakes: number
}

const HANDSHAKES = ['initialize', 'notifications/initialized', 'server/discover']

async function counts(bench: Bench): Promise<Counts> {
  const [row] = await bench.postgres.query(
    `SELECT coalesce(sum(calls) FILTER (WHERE query NOT LIKE '%record_writers%'), 0) AS statements,
            coalesce(sum(calls) FILTER (WHERE query LIKE '%record_writers%'), 0) AS batches,
            (SELECT sum(sessions) FROM pg_stat_database) AS sessions
       FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%'`,
  )
  const upstream = (await (await fetch(`${bench.upstream}/counters`)).json()) as {
    connections: number
    requests: Readonly<Record<string, number>>
  }
  return {
    statements: Number(row?.['statements']),
    batches: Number(row?.['batches']),
    connects: Number(row?.['sessions']),
    upstreamConnects: upstream.connections,
    handshakes: HANDSHAKES.reduce((sum, method) => sum + (upstream.requests[method] ?? 0), 0),
  }
}

const minus = (a: Counts, b: Counts): Counts => ({
  statements: a.statements - b.statements,
  batches: a.batches - b.batches,
  connects: a.connects - b.connects,
  upstreamConnects: a.upstreamConnects - b.upstreamConnects,
  handshakes: a.handshakes - b.handshakes,
})

const WINDOW_MS = 4000

/** What happens while nobody calls, in the time of one load: polls, leases, our own counting. */
async function quiet(bench: Bench): Promise<Counts> {
  const before = await counts(bench)
  await sleep(WINDOW_MS + 500)
  return minus(await counts(bench), before)
}

/** Statements, connects and handshakes that calls cause, once sessions and connections are open. */
export const perCall: Scenario = async (bench) => {
  await bench.postgres.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements')
  const rows: Row[] = []
  for (const era of ERAS) rows.push(...(await countEra(bench, era)))
  return rows
}

async function countEra(bench: Bench, era: Era): Promise<Row[]> {
  const { id } = await bench.gateway.register(`per-call-${era}`, `${bench.upstream}/${era}/per-call`)
  const url = `${bench.gateway.url}/gateways/${id}/mcp`
  const call = {
    era,
    method: 'tools/call',
    tool: 'echo',
    arguments: { text: 'hi' },
    url,
    token: bench.gateway.token,
  } as const
  await bench.load.run({ target: call, concurrency: 16, warmUpMs: 1000, windowMs: 500 })
  const idle = await quiet(bench)
  const before = await counts(bench)
  const load = await bench.load.run({ target: call, concurrency: 16, warmUpMs: 500, windowMs: WINDOW_MS })
  const during = minus(await counts(bench), before)
  const each = (name: keyof Counts) => [Math.max(0, during[name] - idle[name]) / load.calls]
  const bound = { must: 0.01, goal: 0.001, unit: '', digits: 5 }
  bench.say(`per call, ${era}: idle ${JSON.stringify(idle)}, ${load.calls} calls ${JSON.stringify(during)}`)
  return [
    judge({ ...bound, figure: `database statements per call, batches of records apart, ${era}` }, each('statements')),
    judge({ ...bound, figure: `database connects per call, ${era}` }, each('connects')),
    judge({ ...bound, figure: `upstream connects per call, ${era}` }, each('upstreamConnects')),
    judge({ ...bound, figure: `upstream handshakes per call, ${era}` }, each('handshakes')),
    note(`batches of usage records per second, ${era}`, ' /s', [during.batches / ((WINDOW_MS + 500) / 1000)], 1),
    note(`calls per batch of usage records, ${era}`, '', [load.calls / Math.max(1, during.batches)]),
  ]
}

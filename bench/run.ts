import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startGateway } from '../test/support/gateway.ts'
import { LoadGenerator } from './load/measure.ts'
import { startPostgres } from './postgres.ts'
import { startProgram } from './program.ts'
import { calls } from './scenarios/calls.ts'
import { lists } from './scenarios/lists.ts'
import { memory } from './scenarios/memory.ts'
import { perCall } from './scenarios/per-call.ts'
import { poolOfOne } from './scenarios/pool-of-one.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { sizing } from './scenarios/sizing.ts'
import { start } from './scenarios/start.ts'
import { stdioCalls } from './scenarios/stdio-calls.ts'
import { stdio } from './scenarios/stdio.ts'
import { print, type Row } from './table.ts'

const SCENARIOS = {
  calls,
  'per-call': perCall,
  lists,
  memory,
  start,
  'stdio-calls': stdioCalls,
  stdio,
  pool: poolOfOne,
  sizing,
} as const satisfies Record<string, Scenario>
type Name = keyof typeof SCENARIOS

const HELP = `npm run bench -- [options]

Measures the gateway on this machine and prints what it must reach, what it aims at and what it reached: medians of
the rounds, with the smallest and the largest beside them. Starts everything it needs, on loopback: a PostgreSQL, an
upstream, a bare relay to compare with (bench/bare-hop.ts), the gateway with one worker, and a load generator.

  --only NAMES    some of: ${Object.keys(SCENARIOS).join(', ')} (comma-separated; default: all)
  --doors PARTS   of pool only the doors whose names contain one of these (comma-separated): 'POST /gateways,/rpc'
  --rounds N      rounds of each measurement, in turns; of start and memory each a new start (default 7)
  --window MS     how long each measurement lasts (default 2000); calls are warmed up by 30,000 of each kind before
  --report        only print: the exit code says whether it could be measured, not what was missed
  --out FILE      where the results go as JSON (default out/bench.json)

npm run bench:catalog -- [SECONDS] [TOOLS] follows a catalog of 100,000 tools under a storm of changes (bench/catalog.ts).

✓✓ goal reached · ✓ what it must reach · ✗ missed. The exit code is 1 if anything is missed.`

function chosen(only: string | undefined): Name[] {
  const all = Object.keys(SCENARIOS) as Name[]
  if (only === undefined) return all
  const names = only.split(',').map((name) => name.trim())
  const unknown = names.filter((name) => !(name in SCENARIOS))
  if (unknown.length > 0) throw new Error(`no scenario is called ${unknown.join(', ')}`)
  return all.filter((name) => names.includes(name))
}

const say = (text: string): void => console.error(text)

interface Run {
  readonly names: readonly Name[]
  readonly rounds: number
  readonly windowMs: number
  readonly doors: readonly string[]
}

async function bench({ names, rounds, windowMs, doors }: Run): Promise<Row[]> {
  await using postgres = await startPostgres({ shared_preload_libraries: 'pg_stat_statements' })
  await using upstream = await startProgram('upstream.ts')
  await using gateway = await startGateway({ env: { DATABASE_URL: postgres.url } })
  using load = new LoadGenerator()
  const shared = { rounds, windowMs, doors, postgres, gateway, load, upstream: upstream.url, say }
  const rows: Row[] = []
  for (const name of names) {
    say(`— ${name}`)
    try {
      rows.push(...(await SCENARIOS[name](shared)))
    } catch (error) {
      say(`${name} failed: ${error instanceof Error ? error.stack : String(error)}`)
      rows.push({ figure: name, must: 'runs', goal: 'runs', measured: String(error).slice(0, 100), met: 'missed' })
    }
  }
  return rows
}

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h' },
    only: { type: 'string' },
    doors: { type: 'string', default: '' },
    report: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '7' },
    window: { type: 'string', default: '2000' },
    out: { type: 'string', default: join(import.meta.dirname, '../out/bench.json') },
  },
})
if (values.help) console.log(HELP)
else {
  const rows = await bench({
    names: chosen(values.only),
    rounds: Number(values.rounds),
    windowMs: Number(values.window),
    doors: values.doors.split(',').filter((part) => part !== ''),
  })
  const machine = { node: process.version, cores: cpus().length, cpu: cpus()[0]?.model, at: new Date().toISOString() }
  mkdirSync(join(values.out, '..'), { recursive: true })
  writeFileSync(values.out, `${JSON.stringify({ machine, rows }, null, 2)}\n`)
  print(rows)
  process.exitCode = !values.report && rows.some((row) => row.met === 'missed') ? 1 : 0
}

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { whatIsMissing } from '../test/support/needs.ts'
import { missed, unexplained } from './faults/findings.ts'
import { makeBed } from './founding/bed.ts'
import { foundingTable } from './founding/table.ts'
import { runLoad, type Load } from './lab/load.ts'
import type { Results } from './lab/results.ts'
import { findScenario } from './lab/scenario-file/find-scenario.ts'
import { keep } from './lab/show/keep.ts'
import { liveOn } from './lab/show/live.ts'
import { resultLines } from './lab/show/tick-lines.ts'
import { print } from './table.ts'

const HELP = `npm run load:founding -- [options]

4,000 users before slow servers, for fifteen minutes: PostgreSQL 15 and PgBouncer in transaction mode with ten
connections, Causeway with two workers, servers that take 0.1 to 30 s, and a bare relay for the same kind of users beside
it. Prints what must hold, what is aimed at and what was measured. Starts and stops everything itself, on loopback.

  --short               one minute, for CI: all users, who arrive within 25 s. Growth over time is not judged, and a time
                        fails only when it is missed by far, as on a machine that others use too
  --target-url URL      the same load against a gateway that runs already; its database is not looked at
  --target-token TOKEN  an administrator's token of it
  --users N             fewer (or more) of them
  --seconds S           how long is measured
  --out DIR             where results.json and report.html go (default out/founding)

✓✓ goal reached · ✓ what it must reach · ✗ missed. The exit code is 1 if anything is missed.`

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h' },
    short: { type: 'boolean', default: false },
    'target-url': { type: 'string' },
    'target-token': { type: 'string' },
    users: { type: 'string' },
    seconds: { type: 'string' },
    out: { type: 'string', default: join(import.meta.dirname, '../out/founding') },
  },
})

const SHORT = { ramp: 25, seconds: 60 }

const live = liveOn(process.stderr)

function installed(): void {
  if (whatIsMissing(['postgres15', 'pgbouncer']) === null) return
  live.say('installing PostgreSQL 15 and PgBouncer')
  const { status } = spawnSync('sh', [join(import.meta.dirname, '../scripts/install-test-servers.sh')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status !== 0) throw new Error('they could not be installed: run scripts/install-test-servers.sh as root')
}

async function founding(stop: AbortSignal): Promise<Results> {
  const overrides = {
    ...(values.short && SHORT),
    ...(values.users !== undefined && { users: Number(values.users) }),
    ...(values.seconds !== undefined && { seconds: Number(values.seconds) }),
  }
  const shared = { scenario: findScenario('founding', overrides), generators: null, live, stop }
  const { 'target-url': url, 'target-token': token } = values
  if (url !== undefined) {
    if (token === undefined) throw new Error('--target-token must be an administrator’s token of that gateway')
    return await runLoad({ ...shared, gateway: { name: url, url, token }, database: null, watched: null })
  }
  installed()
  await using bed = await makeBed(live.say, stop)
  const { gateway, databaseUrl, logs } = bed
  const metrics = { url: `${gateway.url}/metrics`, token: gateway.token }
  const load: Load = {
    ...shared,
    gateway: { name: 'causeway', url: gateway.url, token: gateway.token, keep: true },
    database: { url: databaseUrl, logs },
    watched: { pid: gateway.pid, metrics },
  }
  return await runLoad(load)
}

if (values.help) console.log(HELP)
else {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())
  const results = await founding(stop.signal)
  console.log([...resultLines(results), ''].join('\n'))
  const rows = foundingTable(results)
  print(rows)
  const { report } = keep(results, values.out)
  console.log(`\n${report}`)
  const wrong = values.short ? unexplained(rows) : missed(rows)
  process.exitCode = wrong.length > 0 ? 1 : 0
}

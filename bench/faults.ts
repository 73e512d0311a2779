import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { whatIsMissing } from '../test/support/needs.ts'
import { CLIENT_FAULTS } from './faults/clients.ts'
import { DATABASE_FAULTS } from './faults/database.ts'
import { PROCESS_FAULTS } from './faults/processes.ts'
import type { Fault, Finding, Lab } from './faults/fault.ts'
import { exactly, missed, NOT_TRIED, noted, unexplained } from './faults/findings.ts'
import { openLab } from './faults/lab.ts'
import { POOLER_FAULTS } from './faults/pooler.ts'
import { SERVER_FAULTS } from './faults/servers.ts'
import { START_FAULTS } from './faults/start-without.ts'
import { greedy } from './faults/greedy.ts'
import { overload } from './faults/overload.ts'
import { places } from './faults/places.ts'
import { rush } from './faults/rush.ts'
import { stdioServers } from './faults/stdio.ts'
import { UPSTREAM_FAULTS } from './faults/upstreams.ts'
import { print, type Row } from './table.ts'

/** In the order in which they run. A new group of faults is added here. */
const FAULTS: readonly Fault[] = [
  ...DATABASE_FAULTS,
  ...SERVER_FAULTS,
  ...POOLER_FAULTS,
  ...START_FAULTS,
  ...PROCESS_FAULTS,
  ...UPSTREAM_FAULTS,
  places,
  overload,
  rush,
  greedy,
  stdioServers,
  ...CLIENT_FAULTS,
]

const widest = Math.max(...FAULTS.map(({ name }) => name.length))
const LIST = FAULTS.map(({ name, what, short = false }) => `  ${name.padEnd(widest)} ${short ? '*' : ' '} ${what}`)

const HELP = `npm run faults -- [options]

Makes things go wrong around a gateway that runs under load, one after the other, and prints what must hold all the
same, what is aimed at and what was found. Everything is real and its own, on loopback: processes, sockets, a PostgreSQL.
Takes about half a minute for each fault; nothing of yours is touched.

  --only NAMES    some of the faults below, or the beginnings of their names (comma-separated; default: all)
  --short         those with a *, in four minutes, as on a machine that others use too: a time fails only when it is
                  missed by far, which no busy machine explains; counts, states and ratios fail as ever
  --report        only print: the exit code says whether the faults could be brought about, not what was missed
  --out FILE      where the findings go as JSON (default out/faults.json)

The faults:
${LIST.join('\n')}

✓✓ goal reached · ✓ what it must reach · ✗ missed. The exit code is 1 if anything is missed.`

function chosen(only: string | undefined, short: boolean): readonly Fault[] {
  const wanted = only?.split(',').map((name) => name.trim().toLowerCase())
  const unknown = wanted?.filter((start) => !FAULTS.some(({ name }) => name.startsWith(start))) ?? []
  if (unknown.length > 0) throw new Error(`no fault is called ${unknown.join(', ')}; there are:\n${LIST.join('\n')}`)
  return FAULTS.filter(
    (fault) => wanted?.some((start) => fault.name.startsWith(start)) ?? (!short || fault.short === true),
  )
}

interface Tried {
  readonly fault: string
  readonly seconds: number
  readonly findings: readonly Finding[]
}

const say = (text: string): void => console.error(text)

async function tried(fault: Fault, lab: Lab): Promise<Tried> {
  const began = performance.now()
  const findings = await found(fault, lab)
  const seconds = (performance.now() - began) / 1000
  return { fault: fault.name, seconds, findings }
}

async function found(fault: Fault, lab: Lab): Promise<readonly Finding[]> {
  const lacking = whatIsMissing(fault.needs ?? [])
  // What CI leaves out without a word is not shown at all.
  if (lacking !== null && process.env['CI'] === 'true') return [exactly('can be tried', 'yes', lacking)]
  if (lacking !== null) return [noted(NOT_TRIED, lacking)]
  try {
    return await fault.run(lab)
  } catch (error) {
    say(`  ${error instanceof Error ? error.stack : String(error)}`)
    return [exactly('can be tried', 'yes', String(error).slice(0, 160))]
  }
}

async function tryAll(faults: readonly Fault[], short: boolean): Promise<readonly Tried[]> {
  await using lab = openLab({ short })
  const all: Tried[] = []
  for (const [n, fault] of faults.entries()) {
    say(`— ${n + 1} of ${faults.length}: ${fault.name} (${fault.what})`)
    const one = await tried(fault, lab)
    const wrong = missed(one.findings)
    say(
      `  ${wrong.length === 0 ? '✓' : `✗ ${wrong.map(({ figure }) => figure).join(', ')}`} ${one.seconds.toFixed(1)} s`,
    )
    all.push(one)
  }
  return all
}

const heading = (fault: string): Row => ({ figure: fault, must: '', goal: '', measured: '', met: 'title' })

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h' },
    only: { type: 'string' },
    short: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
    out: { type: 'string', default: join(import.meta.dirname, '../out/faults.json') },
  },
})
if (values.help) console.log(HELP)
else {
  const all = await tryAll(chosen(values.only, values.short), values.short)
  const machine = { node: process.version, cores: cpus().length, cpu: cpus()[0]?.model, at: new Date().toISOString() }
  mkdirSync(join(values.out, '..'), { recursive: true })
  writeFileSync(values.out, `${JSON.stringify({ machine, faults: all }, null, 2)}\n`)
  print(
    all.flatMap(({ fault, findings }) => [
      heading(fault),
      ...findings.map((each) => ({ ...each, figure: `  ${each.figure}` })),
    ]),
    'fault',
  )
  const wrong = all.flatMap(({ findings }) => missed(findings))
  const fails = values.short ? unexplained(wrong) : wrong
  if (wrong.length > fails.length) console.log(`${wrong.length - fails.length} late, which a busy machine explains`)
  process.exitCode = !values.report && fails.length > 0 ? 1 : 0
}

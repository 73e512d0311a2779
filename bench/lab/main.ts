import { existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { runLoad } from './load.ts'
import { isGood } from './judge.ts'
import { findScenario, scenarioNames } from './scenario-file/find-scenario.ts'
import { keep } from './show/keep.ts'
import { liveOn } from './show/live.ts'
import { resultLines } from './show/tick-lines.ts'
import { requireFiles } from './show/open-files.ts'

/**
 * The laboratory as a program: `causeway load` starts it. The gateway's token comes in LAB_TOKEN and the URL of its database in
 * LAB_DATABASE, so that no list of processes shows them.
 * Ends with 0 when every request was answered with what was meant for its caller, 1 when not, 2 when it could not be run.
 */
const OPTIONS = {
  url: { type: 'string' },
  name: { type: 'string' },
  users: { type: 'string' },
  seconds: { type: 'string' },
  ramp: { type: 'string' },
  rate: { type: 'string' },
  processes: { type: 'string' },
  out: { type: 'string' },
  list: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const

function number(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new Error(`--${option} must be a number, not ${JSON.stringify(text)}`)
  return value
}

/** Only what was said: an override that is there and undefined would not be one. */
function overrides(said: Readonly<Record<string, string | boolean | undefined>>): Record<string, number> {
  const all: Record<string, number> = {}
  for (const option of ['users', 'seconds', 'ramp', 'rate']) {
    const value = number(option, said[option] as string | undefined)
    if (value !== undefined) all[option] = value
  }
  return all
}

function list(json: boolean): void {
  const scenarios = scenarioNames().map((name) => findScenario(name))
  if (json) return console.log(JSON.stringify(scenarios))
  const widest = Math.max(...scenarios.map(({ name }) => name.length))
  for (const { name, about } of scenarios) console.log(`${name.padEnd(widest)}  ${about}`)
}

async function load(named: string, said: ReturnType<typeof read>['values']): Promise<void> {
  const token = process.env['LAB_TOKEN'] ?? ''
  const database = process.env['LAB_DATABASE'] ?? ''
  if (said.url === undefined || token === '') throw new Error('--url and LAB_TOKEN must say which gateway')
  const scenario = findScenario(named, overrides(said))
  requireFiles(scenario, limitsHere())
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  const results = await runLoad({
    scenario,
    gateway: { name: said.name ?? said.url, url: said.url, token },
    database: database === '' ? null : { url: database },
    watched: null,
    generators: number('processes', said.processes) ?? null,
    live: liveOn(process.stderr),
    stop: stop.signal,
  })
  const kept = keep(results, said.out ?? 'load')
  if (said.json) console.log(JSON.stringify(results))
  else console.log([...resultLines(results), '', kept.results, kept.report].join('\n'))
  process.exitCode = isGood(results) ? 0 : 1
}

/** Only Linux says; elsewhere a user who has no connection tells. */
const limitsHere = (): string => (existsSync('/proc/self/limits') ? readFileSync('/proc/self/limits', 'utf8') : '')

/** A connection that was not had says why in its cause. */
const inWords = ({ message, cause }: Error): string =>
  cause instanceof Error && message === 'fetch failed' ? `the gateway cannot be reached: ${cause.message}` : message

const read = () => parseArgs({ allowPositionals: true, options: OPTIONS })

try {
  const { values, positionals } = read()
  if (values.list) list(values.json)
  else await load(positionals[0] ?? 'smoke', values)
} catch (error) {
  console.error(inWords(error as Error))
  process.exitCode = 2
}

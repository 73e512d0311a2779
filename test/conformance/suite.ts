import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** What the official suite said of one scenario. */
export interface ScenarioResult {
  readonly scenario: string
  readonly passed: boolean
  /** What each failing check said. */
  readonly failures: readonly string[]
}

export type RequirementSet = '2025-11-25' | '2026-07-28'

interface Check {
  readonly id: string
  readonly status: string
  readonly errorMessage?: string
}

const SUITE = join(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')),
  'dist/index.js',
)

async function suite(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [SUITE, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.resume()
  await once(child, 'close')
  return output
}

/** The server scenarios that a revision requires, in the suite's order. */
export async function requiredScenarios(requirements: RequirementSet): Promise<string[]> {
  const listed = await suite(['list', '--requirements', requirements])
  const server = listed.slice(listed.indexOf('Server scenarios'), listed.indexOf('Client scenarios'))
  return [...server.matchAll(/^ +- (\S+)$/gm)].map((match) => match[1] as string)
}

/** Every server scenario that the suite has for a revision, required or not, extensions too. */
export async function scenariosFor(revision: RequirementSet): Promise<string[]> {
  const listed = await suite(['list'])
  const server = listed.slice(listed.indexOf('Server scenarios'), listed.indexOf('Client scenarios'))
  return [...server.matchAll(/^ +- (\S+) \[(.+)\]$/gm)]
    .filter(([, , when = '']) => when.split(',').some((each) => each === revision || each === 'extension'))
    .map((match) => match[1] as string)
}

/** Runs a revision's whole required set against a URL. The suite insists on the name `localhost`. */
export async function runSuite(url: string, requirements: RequirementSet): Promise<ScenarioResult[]> {
  const out = await mkdtemp(join(tmpdir(), 'conformance-'))
  try {
    const local = url.replace('//127.0.0.1:', '//localhost:')
    const printed = await suite(['server', '--url', local, '--requirements', requirements, '-o', out])
    const folders = await readdir(out)
    const results: ScenarioResult[] = []
    for (const [, mark, scenario] of printed.matchAll(/^([✓✗]) ([\w-]+): \d+ passed, \d+ failed/gm)) {
      const folder = folders.find((each) => each.startsWith(`server-${scenario}-2`))
      const failures = folder === undefined ? ['the suite left no checks'] : await failuresIn(join(out, folder))
      const passed = mark === '✓'
      const silent = !passed && failures.length === 0
      results.push({
        scenario: scenario as string,
        passed,
        failures: silent ? ['failed without a failing check'] : failures,
      })
    }
    return results
  } finally {
    await rm(out, { recursive: true, force: true })
  }
}

async function failuresIn(folder: string): Promise<string[]> {
  const checks = JSON.parse(await readFile(join(folder, 'checks.json'), 'utf8')) as Check[]
  return checks
    .filter(({ status }) => status === 'FAILURE')
    .map(({ id, errorMessage }) => `${id}: ${errorMessage ?? 'failed'}`)
}

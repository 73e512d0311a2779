import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isGood } from '../../bench/lab/judge.ts'
import type { Results } from '../../bench/lab/results.ts'
import { causeway } from '../support/cli.ts'
import { embeddedUrl } from '../faults/site.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { processTree } from '../support/processes.ts'
import { startBetween } from './between.ts'

let gateway: RunningGateway
let folder: string
let env: Record<string, string>

beforeAll(async () => {
  gateway = await startGateway({ env: { CAUSEWAY_WORKERS: '2' } })
  folder = await mkdtemp(join(tmpdir(), 'cw-load-'))
  env = { CAUSEWAY_URL: gateway.url, CAUSEWAY_TOKEN: gateway.token }
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** What a load makes there, and must not leave. */
async function left(): Promise<number[]> {
  const lists = ['gateways', 'servers', 'tokens'].map(async (noun) => {
    const { body } = await gateway.api('GET', `/v1/${noun}?limit=500`)
    const items: unknown = Array.isArray(body) ? body : Object.values(body).find((value) => Array.isArray(value))
    return (items as unknown[]).length
  })
  return await Promise.all(lists)
}

test('causeway load runs a scenario, says what it found, keeps it, and leaves the gateway as it was', async () => {
  const before = await left()
  const out = join(folder, 'run')
  const args = ['load', 'run', 'smoke', '--users', '15', '--ramp', '1', '--seconds', '5', '--json', '--out', out]
  const run = await causeway(args, env)
  expect([run.code, run.err.split('\n').at(-2)]).toEqual([0, expect.stringContaining('removed')])
  const results = JSON.parse(run.out) as Results
  expect(results.foreignAnswers).toBe(0)
  const calls = results.kinds.find(({ kind }) => kind === 'call')
  expect(calls).toMatchObject({ failed: 0 })
  expect(calls?.answered).toBeGreaterThan(15)
  expect(JSON.parse(await readFile(join(out, 'results.json'), 'utf8'))).toEqual(results)
  expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('<svg')
  expect(await left()).toEqual(before)
  const page = join(folder, 'two.html')
  const both = await causeway(['load', 'report', join(out, 'results.json'), join(out, 'results.json'), '--out', page])
  expect([both.code, both.out.trim(), both.err]).toEqual([0, page, ''])
})

interface Ended {
  readonly code: number | null
  readonly results: Results
  /** What lists of processes showed meanwhile. */
  readonly commands: string
}

/** A run that is told to end when it has said so much. */
async function ended(name: string, args: readonly string[], when: string, more = {}): Promise<Ended> {
  const out = join(folder, name)
  const launcher = join(import.meta.dirname, '../../bin/causeway.js')
  const child = spawn(process.execPath, [launcher, 'load', 'run', 'smoke', ...args, '--out', out], {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env, ...more },
  })
  let said = ''
  child.stderr.on('data', (piece: Buffer) => (said += piece.toString()))
  while (!said.includes(when)) await once(child.stderr, 'data')
  const commands = processTree(child.pid ?? 0).map(({ command }) => command)
  child.kill('SIGINT')
  const [code] = (await once(child, 'exit')) as [number | null]
  return {
    code,
    results: JSON.parse(await readFile(join(out, 'results.json'), 'utf8')) as Results,
    commands: commands.join('\n'),
  }
}

test('told to end, it keeps what it has measured and removes what it has made', async () => {
  const before = await left()
  const { code, results } = await ended('ended', ['--users', '5', '--ramp', '1', '--seconds', '600'], 'measured:')
  expect([code, await left()]).toEqual([130, before])
  expect(results.measuredSeconds).toBeGreaterThan(0)
  expect(results.measuredSeconds).toBeLessThan(60)
})

test('told to end while users arrive, it has measured nothing, and says no more', async () => {
  const { results } = await ended('ramp', ['--users', '20', '--ramp', '60', '--seconds', '5'], 'users arrive:')
  const { measuredSeconds, kinds, generators } = results
  expect({ measuredSeconds, kinds, cpuPercent: generators.cpuPercent }).toEqual({
    measuredSeconds: 0,
    kinds: [],
    cpuPercent: 0,
  })
})

test('the password of a database that is looked at is in no list of processes', async () => {
  const CAUSEWAY_LOAD_DATABASE = await embeddedUrl(gateway)
  const args = ['--users', '3', '--ramp', '1', '--seconds', '600']
  const { results, commands } = await ended('looked-at', args, 'measured:', { CAUSEWAY_LOAD_DATABASE })
  expect(results.database?.looks).toBeGreaterThan(0)
  expect(commands.split('\n').length).toBeGreaterThan(2)
  expect(commands).toContain('lab/main')
  expect(commands).not.toContain(new URL(CAUSEWAY_LOAD_DATABASE).password)
})

test('told to end, it stays until all it has made is removed, however long that takes', async () => {
  const before = await left()
  await using between = await startBetween(gateway.url, {
    // Eight at a time, and ten to remove: about four seconds.
    before: async ({ method }) => {
      if (method === 'DELETE') await sleep(1500)
      return undefined
    },
  })
  const launcher = join(import.meta.dirname, '../../bin/causeway.js')
  const out = join(folder, 'slowly')
  const args = [launcher, 'load', 'run', 'smoke', '--users', '10', '--ramp', '1', '--seconds', '600', '--out', out]
  const slowly = { PATH: process.env['PATH'], HOME: '/nonexistent', ...env, CAUSEWAY_URL: between.origin }
  const child = spawn(process.execPath, args, { env: slowly })
  let said = ''
  child.stderr.on('data', (piece: Buffer) => (said += piece.toString()))
  while (!said.includes('measured:')) await once(child.stderr, 'data')
  const told = performance.now()
  child.kill('SIGINT')
  const [code] = (await once(child, 'exit')) as [number | null]
  expect(performance.now() - told).toBeGreaterThan(3000)
  expect([code, await left()]).toEqual([130, before])
  expect(said).toContain('is removed')
})

test('a request that failed while the users arrived fails the run', () => {
  const kinds = [{ kind: 'call', answered: 5, failed: 0 }]
  const run = (failed: number) =>
    ({ kinds, ticks: [{ failed: 0 }, { failed }], foreignAnswers: 0 }) as unknown as Results
  expect([isGood(run(0)), isGood(run(1))]).toEqual([true, false])
})

test('what cannot be run is said, with what would be right', async () => {
  const nothing = await causeway(['load', 'run', '--url', 'http://127.0.0.1:1', '--token', 'x'.repeat(30)])
  expect([nothing.code, nothing.err]).toEqual([1, expect.stringContaining('cannot be reached')])
  const unknown = await causeway(['load', 'run', 'nope'], env)
  expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('founding, overload, smoke')])
  const wrong = await causeway(['load', 'run', 'smoke', '--users', 'many'], env)
  expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('--users must be a number, not "many"')])
})

import { get } from 'node:http'
import { mkdtemp, chmod, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startSlowServer, type SlowServer } from '../fixtures/slow-server.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { processTree } from '../support/processes.ts'
import { messagesOf, openRawClient, type Era } from '../support/raw-client.ts'
import { NOT_CONNECTED, steadyStream } from '../support/steady-stream.ts'
import { sql, ownPostgres, until, type OwnPostgres } from './site.ts'
import { workersOf, workersReady } from './workers.ts'
import { ledger } from './writes.ts'

let postgres: OwnPostgres
let upstream: SlowServer
beforeAll(async () => {
  upstream = await startSlowServer()
  postgres = await ownPostgres()
})
afterAll(async () => {
  await postgres?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
})

interface Running {
  readonly gateway: RunningGateway
  readonly databaseUrl: string
}

async function external(env: Readonly<Record<string, string>> = {}): Promise<Running> {
  const databaseUrl = await postgres.database()
  const gateway = await startGateway({ env: { CAUSEWAY_WORKERS: '2', DATABASE_URL: databaseUrl, ...env } })
  onTestFinished(() => gateway[Symbol.asyncDispose]())
  await gateway.register('calm', upstream.at('modern'))
  await until('both workers run', () => workersOf(gateway).length === 2, 5_000)
  return { gateway, databaseUrl }
}

const isGone = (pid: number): boolean => processTree(pid).length === 0

/** A call that takes its time; whether it was answered with its result. */
async function slowCall(gateway: RunningGateway, era: Era, ms: number): Promise<string> {
  using client = await openRawClient({ url: `${gateway.url}/mcp`, era, token: gateway.token })
  const members = `"name":"calm-slow","arguments":{"ms":${ms}}`
  const answer = await client.call({ method: 'tools/call', name: 'calm-slow', members })
  const last = messagesOf(answer).at(-1)?.toString() ?? ''
  return answer.whole && last.includes('"result"') ? 'answered' : `${answer.status} ${last}`
}

/** What a balancer hears that opens a connection of its own each time, as one that was open before may be answered after the port. */
function probe(gateway: RunningGateway): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = get(`${gateway.url}/ready`, { agent: false }, (answer) => {
      const body: Buffer[] = []
      answer.on('data', (piece: Buffer) => body.push(piece))
      answer.on('error', reject)
      answer.on('end', () => {
        const { status } = JSON.parse(Buffer.concat(body).toString()) as { readonly status: string }
        resolve(`${answer.statusCode} ${status}`)
      })
    })
    asked.on('error', (cause) => resolve(NOT_CONNECTED.test(cause.message) ? 'refused' : String(cause)))
  })
}

/** A worker that waited for a back-off, a lease or a timeout would need ten seconds or more. */
const REPLACED_MS = 9_000

const slowCalls = (gateway: RunningGateway, count: number, ms: number): Promise<PromiseSettledResult<string>[]> =>
  Promise.allSettled(Array.from({ length: count }, (_, n) => slowCall(gateway, n % 2 === 0 ? 'legacy' : 'modern', ms)))

/** That two seconds suffice is a figure of `npm run faults`, which knows how busy the machine was; here it comes at all, and soon. */
test('a worker is killed under load: the other goes on, and it is replaced', async () => {
  const { gateway, databaseUrl } = await external()
  await using stream = await steadyStream({ gateway, tool: 'calm-echo', forgive: /^cut/ })
  const written = ledger(gateway, 'kept')
  await until('writes are acknowledged', () => written.acknowledged.length > 3, 10_000)
  const [victim] = workersOf(gateway)
  const before = await workersReady(gateway)
  const calls = stream.report.calls
  process.kill(victim?.pid ?? 0, 'SIGKILL')
  const killed = performance.now()
  await until('calls are answered meanwhile', () => stream.report.calls > calls, 5_000)
  const [meanwhile, left] = [stream.report.calls, (await workersReady(gateway)) - before]
  await until('a new worker is ready', async () => (await workersReady(gateway)) > before, REPLACED_MS)
  const restartedMs = performance.now() - killed
  await sleep(300)
  await written.stop().catch(() => undefined)
  const report = await stream.stop()
  console.log(JSON.stringify({ restartedMs: Math.round(restartedMs), calls: report.calls }))

  expect([meanwhile > calls, left]).toEqual([true, 0])
  expect(workersOf(gateway)).toHaveLength(2)
  expect(report.failures).toEqual([])
  expect(report.calls).toBeGreaterThan(meanwhile + 10)
  const names = new Set((await sql<{ name: string }>(databaseUrl, 'SELECT name FROM servers')).map(({ name }) => name))
  expect(written.acknowledged.filter((name) => !names.has(name))).toEqual([])
})

test('the supervisor is killed: workers and PostgreSQL end, and the next start on the folder works', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'cw-'))
  await chmod(dataDir, 0o711)
  onTestFinished(() => rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }))
  const first = await startGateway({ dataDir, env: { CAUSEWAY_WORKERS: '2' } })
  onTestFinished(() => first[Symbol.asyncDispose]())
  await first.register('calm', upstream.at('legacy'))
  await until('both workers run', () => workersOf(first).length === 2, 5_000)
  const children = first.processes().filter(({ pid }) => pid !== first.pid)
  expect(children.filter(({ isPostgres }) => isPostgres).length).toBeGreaterThan(1)
  process.kill(first.pid, 'SIGKILL')
  const goneMs = await until('all of it has ended', () => children.every(({ pid }) => isGone(pid)), 10_000)
  const second = await startGateway({ dataDir })
  onTestFinished(() => second[Symbol.asyncDispose]())
  console.log(JSON.stringify({ goneMs: Math.round(goneMs), startedAgainMs: Math.round(second.startedInMs) }))
  expect(second.token).toBe(first.token)
  expect(await slowCall(second, 'modern', 0)).toBe('answered')
})

describe('told to stop', () => {
  test('under load: not ready first, what was accepted is answered, and the end is a good one', async () => {
    const { gateway } = await external()
    await using stream = await steadyStream({ gateway, tool: 'calm-echo', forgive: NOT_CONNECTED })
    await until('calls are answered', () => stream.report.calls > 50, 10_000)
    const slow = slowCalls(gateway, 20, 2_500)
    await sleep(700)
    const seen: string[] = []
    let watching = true
    const watch = (async () => {
      for (; watching; await sleep(10)) {
        const status = await probe(gateway)
        if (seen.at(-1) !== status) seen.push(status)
      }
    })()
    await until('the watcher sees it ready', () => seen.length > 0, 2_000)
    const began = performance.now()
    const code = await gateway.stop('SIGTERM')
    const ms = performance.now() - began
    watching = false
    await watch
    const report = await stream.stop()
    console.log(JSON.stringify({ stoppedMs: Math.round(ms), calls: report.calls, ready: seen }))
    expect(seen).toEqual(['200 ready', '503 unready', 'refused'])
    expect((await slow).map((each) => (each.status === 'fulfilled' ? each.value : String(each.reason)))).toEqual(
      Array.from({ length: 20 }, () => 'answered'),
    )
    expect(report.failures).toEqual([])
    expect(code).toBe(0)
    expect(ms).toBeLessThan(6_000)
  })

  test('with a call that outlasts the drain time: it is cut, and the end comes on time', async () => {
    const { gateway } = await external({ CAUSEWAY_DRAIN_TIME: '2s' })
    const slow = slowCalls(gateway, 2, 20_000)
    await sleep(300)
    const began = performance.now()
    const code = await gateway.stop('SIGTERM')
    const ms = performance.now() - began
    await slow
    console.log(JSON.stringify({ stoppedMs: Math.round(ms) }))
    expect(code).toBe(0)
    expect(ms).toBeGreaterThan(1_500)
    expect(ms).toBeLessThan(7_000)
  })

  test('twice: the second signal cuts the drain short; two within a second are one', async () => {
    const { gateway } = await external()
    const slow = slowCalls(gateway, 2, 20_000)
    await sleep(300)
    const began = performance.now()
    process.kill(gateway.pid, 'SIGINT')
    await sleep(200)
    process.kill(gateway.pid, 'SIGINT')
    await sleep(1_500)
    expect(workersOf(gateway)).toHaveLength(2)
    const code = await gateway.stop('SIGINT')
    const ms = performance.now() - began
    await slow
    console.log(JSON.stringify({ stoppedMs: Math.round(ms) }))
    expect(code).toBe(0)
    expect(ms).toBeLessThan(7_000)
  })
})

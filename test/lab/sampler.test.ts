import { randomBytes } from 'node:crypto'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { expect, inject, onTestFinished, test } from 'vitest'
import { LogErrors } from '../../bench/lab/sampler/log-errors.ts'
import { loopDelayOf } from '../../bench/lab/sampler/loop-delay.ts'
import { watchDatabase } from '../../bench/lab/sampler/watch-database.ts'
import { watchProcesses } from '../../bench/lab/sampler/watch-processes.ts'
import { databaseRelay } from '../support/database-relay.ts'
import { listen } from '../support/listen.ts'
import { nameIn } from '../support/urls.ts'

/** A database to which nobody is connected. */
async function emptyDatabase(): Promise<string> {
  const server = inject('databaseServer')
  const name = `lab_${randomBytes(8).toString('hex')}`
  const admin = new Client(server)
  await admin.connect()
  onTestFinished(async () => {
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
    await admin.end()
  })
  await admin.query(`CREATE DATABASE ${name} TEMPLATE template0`)
  return nameIn(server, name)
}

async function connected(url: string, name = 'causeway'): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: name })
  client.on('error', () => undefined)
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

test('connections are counted by state and source, their transactions by age, the watch and a pooler left out', async () => {
  const url = await emptyDatabase()
  const [waiting, busy] = [await connected(url), await connected(url)]
  const pooler = await connected(url, 'PgBouncer')
  await pooler.query('BEGIN')
  await using watch = await watchDatabase({ url, everyMs: 20 })
  await sleep(60)
  const calm = watch.tick()
  expect(calm).toMatchObject({ states: { idle: 2 }, connections: 2, oldestTransactionMs: 0 })
  expect(calm?.looks).toBeGreaterThan(0)

  await waiting.query("/*source='tools'*/ BEGIN")
  const sleeping = busy.query("/*source='calls'*/ SELECT pg_sleep(0.4)")
  await sleep(300)
  const tick = watch.tick()
  expect(tick?.states).toMatchObject({ 'idle in transaction': 1, active: 1 })
  expect(tick?.oldestTransactionMs).toBeGreaterThan(200)
  await sleeping
  await waiting.query('ROLLBACK')

  const { activity, ...result } = watch.result()
  expect(result).toMatchObject({ idleInTransactionMax: 1, connectionsMax: 2, missedLooks: 0 })
  expect(result.looksWithoutIdleInTransaction).toBeGreaterThan(0)
  expect(result.looksWithoutIdleInTransaction).toBeLessThan(result.looks)
  const held = activity.find(({ state, source }) => state === 'idle in transaction' && source === 'tools')
  expect(held).toMatchObject({ count: 1 })
  expect(held?.maxAgeMs).toBeGreaterThan(held?.avgAgeMs ?? Infinity)
  expect(activity.find(({ state, source }) => state === 'active' && source === 'calls')).toBeDefined()

  watch.begin()
  await sleep(60)
  expect(watch.result()).toMatchObject({ idleInTransactionMax: 0, oldestTransactionMs: 0 })
})

test('a look that is not had is counted, and looking goes on', async () => {
  await using relay = await databaseRelay(await emptyDatabase())
  await using watch = await watchDatabase({ url: relay.url, everyMs: 20 })
  relay.set('closed')
  await sleep(200)
  watch.tick()
  await sleep(100)
  expect(watch.tick()).toBeNull()
  expect(watch.result().missedLooks).toBeGreaterThan(3)
  relay.set('open')
  await sleep(300)
  expect(watch.tick()?.looks).toBeGreaterThan(0)
})

test('a wrong URL is told at once', async () => {
  await expect(watchDatabase({ url: 'postgres://nobody@127.0.0.1:9/none' })).rejects.toThrow('ECONNREFUSED')
})

test('log lines are counted by what they say, from now on', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cw-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const [server, later] = [join(folder, 'server.log'), join(folder, 'later.log')]
  await writeFile(server, '2026 [1] 08P01 FATAL:  of yesterday\n')
  const errors = new LogErrors([server, later])
  expect(Object.values(errors.count()).every((count) => count === 0)).toBe(true)
  await appendFile(server, '2026 [1] 25P03 FATAL:  terminating connection due to idle-in-transaction timeout\nfine\n')
  await writeFile(later, 'WARNING unsupported startup parameter: options\nC-0x1: pooler error: query_wait_timeout')
  expect(errors.count()).toEqual({
    'protocol violation (08P01)': 1,
    'idle in transaction too long (25P03)': 1,
    'prepared statement (26000, 42P05)': 0,
    'too many connections (53300)': 0,
    'pool error': 1,
  })
})

const BUSY = `require('node:child_process').spawn(process.execPath, ['-e', 'const b = Buffer.alloc(64 << 20, 1); for (;;) b[0]++'], { stdio: 'inherit' }); setInterval(() => {}, 1000); console.log('on')`

test('memory and processor time are those of the whole tree', async () => {
  const child = spawn(process.execPath, ['-e', BUSY], { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  const pid = child.pid ?? 0
  onTestFinished(() => void process.kill(-pid, 'SIGKILL'))
  await once(child.stdout, 'data')
  await using watch = watchProcesses({ pid })
  await sleep(1_500)
  const tick = watch.tick()
  expect(tick?.rssMb).toBeGreaterThan(64 + 40)
  // A machine that is shared gives it less than a whole core.
  expect(tick?.cpuPercent).toBeGreaterThan(5)
  expect(tick?.cpuPercent).toBeLessThan(220)
  expect(tick?.loopDelayMs).toBeNull()
})

test('processes that are gone say nothing', async () => {
  const child = spawn(process.execPath, ['-e', ''])
  const pid = child.pid ?? 0
  await once(child, 'exit')
  await using watch = watchProcesses({ pid })
  expect(watch.tick()).toBeNull()
})

test('the event loop of the slowest worker, from whatever gauge there is', async () => {
  const bodies = {
    '/ours': '# HELP x\ncauseway_event_loop_delay_seconds 0.004\nnodejs_eventloop_lag_seconds 5\n',
    '/theirs': 'nodejs_eventloop_lag_p99_seconds{worker="1"} 0.01\nnodejs_eventloop_lag_p99_seconds{worker="2"} 0.02\n',
    '/none': 'up 1\n',
  }
  await using server = await listen((req, res) => {
    const body = bodies[req.url as keyof typeof bodies]
    res.writeHead(req.headers.authorization === 'Bearer t' ? 200 : 401).end(body)
  })
  const of = (path: string, token = 't') => loopDelayOf(server.origin + path, token, AbortSignal.timeout(1_000))
  expect(await of('/ours')).toBe(4)
  expect(await of('/theirs')).toBe(20)
  expect(await of('/none')).toBeNull()
  expect(await of('/ours', 'wrong')).toBeNull()
})

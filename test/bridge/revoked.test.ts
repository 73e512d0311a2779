import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSlowServer, type SlowServer } from '../fixtures/slow-server.ts'
import { startTickingServer, type TickingServer } from '../fixtures/ticking-server.ts'
import { testDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { runningBridge, type RunningBridge } from './running-bridge.ts'

const owned = new AsyncDisposableStack()
let gateway: RunningGateway
let ticking: TickingServer
let slow: SlowServer

beforeAll(async () => {
  ticking = owned.use(await startTickingServer())
  slow = owned.use(await startSlowServer())
  const database = owned.use(await testDatabase())
  gateway = owned.use(await startGateway({ env: { DATABASE_URL: database.url, CAUSEWAY_WORKERS: '2' } }))
  await gateway.register('ticks', ticking.url)
  await gateway.register('sleeps', slow.at('legacy'))
})
afterAll(() => owned.disposeAsync())

const USERS = '/v1/auth/email/admin/users'

async function asked(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const answer = await gateway.api(method, path, body)
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body
}

interface Somebody {
  readonly email: string
  readonly token: string
  readonly tokenId: string
}

let people = 0

/** A new user with a token that every worker knows. */
async function somebody(): Promise<Somebody> {
  const email = `bridged-${++people}@example.com`
  await asked('POST', USERS, { email })
  const made = await asked('POST', '/v1/tokens', { name: email, user_email: email })
  await sleep(1_000)
  return { email, token: String(made['access_token']), tokenId: (made['token'] as { id: string }).id }
}

const INITIALIZE = {
  id: 'open',
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } },
}
const MODERN = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
}

const call = (id: string, name: string, meta: object = {}) => ({
  id,
  method: 'tools/call',
  params: { name, arguments: { ms: 30_000 }, _meta: meta },
})
/** Two that stream what happens, two that say nothing; of each era one. */
const CALLS = [
  call('stream', 'ticks-tick', { progressToken: 'a' }),
  call('silent', 'sleeps-slow'),
  call('modern stream', 'ticks-tick', { progressToken: 'b', ...MODERN }),
  call('modern silent', 'sleeps-slow', MODERN),
]
const IDS = CALLS.map(({ id }) => id)

const asleep = (): number => slow.counters.requests['tools/call'] ?? 0
const progressed = ({ told }: RunningBridge): number =>
  told.filter(({ method }) => method === 'notifications/progress').length

async function open(bridge: RunningBridge): Promise<void> {
  bridge.write(INITIALIZE)
  await bridge.answers(['open'])
  bridge.write({ method: 'notifications/initialized' })
}

type Change = (who: Somebody) => Promise<unknown>
const CHANGES: Readonly<Record<string, readonly [Change, RegExp]>> = {
  'a revoked token': [
    ({ tokenId }) => asked('DELETE', `/v1/tokens/${tokenId}`),
    /the token (is unknown here, )?was revoked/,
  ],
  'a disabled user': [({ email }) => asked('PATCH', `${USERS}/${email}`, { is_active: false }), /Account disabled/],
}

test.each(Object.entries(CHANGES))('%s ends what goes on over a bridge, and says why', async (name, [change, why]) => {
  const who = await somebody()
  await using bridge = runningBridge({ CAUSEWAY_URL: gateway.url, CAUSEWAY_TOKEN: who.token })
  await open(bridge)
  const before = asleep()
  bridge.write(...CALLS)
  await expect.poll(() => [asleep() - before, ticking.ticking], { timeout: 5_000, interval: 10 }).toEqual([2, 2])
  await expect.poll(() => progressed(bridge), { timeout: 5_000, interval: 10 }).toBeGreaterThan(3)

  const began = performance.now()
  await change(who)
  const ended = await bridge.answers(IDS)
  const ms = Math.max(...ended.map(({ at }) => at)) - began
  console.log(`${name}: ${Math.round(ms)} ms from the request until the client had heard of all four`)
  // The calls would go on for half a minute, and nobody looks sooner than that.
  expect(ms).toBeLessThan(5_000)
  for (const { error } of ended) {
    expect(error).toMatchObject({ code: -32001, message: expect.stringMatching(why) as string })
    expect(error?.message).toContain('may have run')
  }
  await expect.poll(() => ticking.ticking, { timeout: 5_000, interval: 5 }).toBe(0)

  bridge.write(call('after', 'sleeps-slow'), call('modern after', 'sleeps-slow', MODERN))
  for (const { error, at } of await bridge.answers(['after', 'modern after'])) {
    expect(error).toMatchObject({ code: -32001, message: expect.stringMatching(why) as string })
    expect(at - began).toBeLessThan(10_000)
  }
  expect(asleep() - before).toBe(2)
  expect(bridge.told.filter(({ id }) => IDS.includes(String(id)))).toHaveLength(IDS.length)
  expect(await bridge.end()).toBe(0)
})

test('a token that took the place of the revoked one is used for what comes next, not to run again what may have run', async () => {
  const who = await somebody()
  const folder = await mkdtemp(join(tmpdir(), 'cw-bridge-'))
  await using _gone = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
  const file = join(folder, 'admin-token')
  await writeFile(file, who.token)
  await using bridge = runningBridge({ CAUSEWAY_URL: gateway.url, CAUSEWAY_DATA_DIR: folder })
  await open(bridge)
  const before = asleep()
  bridge.write(call('silent', 'sleeps-slow'), call('modern silent', 'sleeps-slow', MODERN))
  await expect.poll(() => asleep() - before, { timeout: 5_000, interval: 10 }).toBe(2)

  const next = await asked('POST', '/v1/tokens', { name: 'next', user_email: who.email })
  await writeFile(file, String(next['access_token']))
  await sleep(1_000)
  await asked('DELETE', `/v1/tokens/${who.tokenId}`)
  for (const { error } of await bridge.answers(['silent', 'modern silent']))
    expect(error).toMatchObject({ code: -32001, message: expect.stringContaining('may have run') })
  await sleep(500)
  expect(asleep() - before).toBe(2)

  bridge.write({ id: 'list', method: 'tools/list' })
  const [list] = await bridge.answers(['list'])
  expect(list?.error).toBeUndefined()
})

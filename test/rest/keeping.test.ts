import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { GatewayError } from '#/errors/gateway-error.ts'
import { careFor, type CareDeps } from '#/gateways/care.ts'
import type { FollowedGateway } from '#/gateways/discovery.ts'
import { followGateways } from '#/gateways/following.ts'
import { keepGateways } from '#/gateways/keeping.ts'
import { gatewayCareStore } from '#/store/gateway-care-store.ts'
import { gatewayStore } from '#/store/gateway-store.ts'
import { leases } from '#/store/leases.ts'
import { offered, restHarness, type RestHarness } from './harness.ts'

let rest: RestHarness
beforeAll(async () => {
  rest = await restHarness()
})
afterAll(async () => await rest[Symbol.asyncDispose]())
beforeEach(async () => {
  await rest.database.sql('DELETE FROM gateways')
  rest.upstream.offer = { tools: [offered('a')] }
  rest.upstream.fail = null
})

const DOWN = new GatewayError('upstream_unreachable', 'connection refused')
const log = { error: (fields: object, message: string) => console.error(message, fields) }

function care(holder: string): CareDeps {
  const { db } = rest.database
  return {
    store: { ...gatewayStore(db), ...gatewayCareStore(db) },
    discoverer: rest.upstream,
    sealer: rest.sealer,
    holder,
  }
}

async function made(name = 'one'): Promise<string> {
  return (await rest.ask('POST', '/gateways', { body: { name, url: 'http://127.0.0.1:9/' } })).body.id as string
}

async function due(): Promise<void> {
  await rest.database.sql(`UPDATE gateway_states SET next_check_at = now() - interval '1 s'`)
}

async function until(done: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000
  while (!(await done())) {
    if (performance.now() > end) throw new Error('it did not happen within 10 s')
    await sleep(20)
  }
}

test('what is pending is tried again until it answers, and then is all there', async () => {
  rest.upstream.fail = DOWN
  const id = await made()
  await due()
  await using _keeping = keepGateways({ ...care('w1'), log, everyMs: 20 })
  const read = async () => (await rest.ask('GET', `/gateways/${id}`)).body
  await until(async () => (await read()).registrationAttempts === 2)
  expect(await read()).toMatchObject({ status: 'pending', lastError: 'connection refused', lifecycleClaimedBy: null })
  rest.upstream.fail = null
  await due()
  await until(async () => (await read()).status === 'active')
  expect(await read()).toMatchObject({ reachable: true, lastError: null, toolCount: 1, lifecycleClaimedBy: null })
})

test('a server that goes away is said to be, one change each way, and loses nothing', async () => {
  const id = await made()
  const changes = async () =>
    (await rest.database.sql(`SELECT seq FROM changes WHERE id = '${id}' AND kind = 'gateway'`)).length
  const before = await changes()
  await using _keeping = keepGateways({ ...care('w1'), log, everyMs: 20 })
  const reachable = async () => (await rest.ask('GET', `/gateways/${id}`)).body.reachable as boolean
  rest.upstream.fail = DOWN
  await due()
  await until(async () => !(await reachable()))
  expect(await changes()).toBe(before + 1)
  expect((await rest.ask('GET', '/tools')).body).toMatchObject([{ name: 'one-a', reachable: false }])
  rest.upstream.fail = null
  await due()
  await until(reachable)
  expect(await changes()).toBe(before + 2)
})

test('eight workers claim each gateway once; a claim that expires is free again', async () => {
  for (let i = 0; i < 10; i++) await made(`g${i}`)
  await due()
  const { store } = care('')
  const claims = await Promise.all(Array.from({ length: 8 }, (_, i) => store.claim(`w${i}`, { count: 3, ms: 60_000 })))
  const ids = claims.flat().map(({ gateway }) => gateway.id)
  expect(ids).toHaveLength(10)
  expect(new Set(ids).size).toBe(10)
  expect(await store.claim('late', { count: 10, ms: 60_000 })).toEqual([])
  await rest.database.sql(`UPDATE gateway_states SET claim_expires_at = now() - interval '1 s'`)
  expect(await store.claim('late', { count: 10, ms: 60_000 })).toHaveLength(10)
})

test('one that is to be looked at soon is due at once, whenever it would have been', async () => {
  const id = await made()
  const { store } = care('')
  expect(await store.claim('w1', { count: 1, ms: 60_000 })).toEqual([])
  await store.soon(id as never)
  expect((await store.claim('w1', { count: 1, ms: 60_000 })).map(({ gateway }) => gateway.id)).toEqual([id])
})

test('a claim that is renewed stays its own; nobody renews what is not theirs', async () => {
  const id = await made()
  await due()
  const { store } = care('')
  const [mine] = await store.claim('w1', { count: 1, ms: 300 })
  expect(mine?.gateway.id).toBe(id)
  if (mine === undefined) return
  await store.renew([mine.gateway.id], 'w2', 60_000)
  await store.renew([mine.gateway.id], 'w1', 900)
  await sleep(500)
  expect(await store.claim('w2', { count: 1, ms: 60_000 })).toEqual([])
  await until(async () => (await store.claim('w2', { count: 1, ms: 60_000 })).length === 1)
})

test('what takes long is looked after by one worker all the while', async () => {
  await made()
  await due()
  const looks: string[] = []
  const slow = (holder: string): CareDeps => ({
    ...care(holder),
    discoverer: {
      discover: (...asked) => rest.upstream.discover(...asked),
      probe: async (_target, _known, signal) => {
        looks.push(holder)
        await sleep(60_000, undefined, { signal }).catch(() => {})
        return { ms: 1 }
      },
    },
  })
  await using _one = keepGateways({ ...slow('w1'), log, everyMs: 20 })
  await using _two = keepGateways({ ...slow('w2'), log, everyMs: 20 })
  await sleep(4_500)
  expect(looks).toHaveLength(1)
  const [state] = await rest.database.sql(
    "SELECT claim_expires_at > now() + interval '5 s' AS kept FROM gateway_states",
  )
  expect(state).toEqual({ kept: true })
})

test('what a worker finds after it has lost its claim is not noted', async () => {
  const id = await made()
  await due()
  const slow = care('slow')
  const [claimed] = await slow.store.claim('slow', { count: 1, ms: 60_000 })
  await rest.database.sql(`UPDATE gateway_states SET claimed_by = 'other'`)
  rest.upstream.fail = DOWN
  if (claimed === undefined) throw new Error('nothing was due')
  await careFor(slow, claimed, AbortSignal.timeout(10_000))
  expect((await rest.ask('GET', `/gateways/${id}`)).body).toMatchObject({ reachable: true, lastError: null })
})

test('a refresh interval and an old legacy verdict make a discovery due', async () => {
  await made()
  const { store } = care('')
  const claim = async (set: string) => {
    await rest.database.sql(`UPDATE gateway_states SET claim_expires_at = NULL, next_check_at = now(), ${set}`)
    return (await store.claim('w', { count: 1, ms: 1_000 })).map(({ refreshDue }) => refreshDue)
  }
  expect(await claim(`era = 'modern'`)).toEqual([false])
  expect(await claim(`era = 'legacy', era_at = now()`)).toEqual([false])
  expect(await claim(`era = 'legacy', era_at = now() - interval '25 h'`)).toEqual([true])
  await rest.database.sql(`UPDATE gateways SET refresh_interval_seconds = 60`)
  expect(await claim(`era = 'modern', last_refresh_at = now() - interval '61 s'`)).toEqual([true])
})

function recordingFollower() {
  const now: { list: readonly FollowedGateway[] } = { list: [] }
  return { now, follow: (list: readonly FollowedGateway[]) => void (now.list = list) }
}

test('one worker follows; a change is in the store soon after; another takes over', async () => {
  const id = await made()
  const gateway = await gatewayStore(rest.database.db).byId(id as never)
  if (gateway === undefined) throw new Error('not stored')
  const snapshot = () => ({
    seq: 1,
    gateways: () => [{ ...gateway, ...gateway.state, stdio: null, createdAt: 0, stateful: false, enabled: true }],
  })
  const [one, two] = [recordingFollower(), recordingFollower()]
  const common = { leases: leases(rest.database.db), snapshot, log, everyMs: 20 }
  const first = followGateways({ ...care('w1'), ...common, follower: one })
  await until(async () => one.now.list.length === 1)
  await using _second = followGateways({ ...care('w2'), ...common, follower: two })
  rest.upstream.offer = { tools: [offered('a'), offered('b')] }
  const began = performance.now()
  one.now.list[0]?.changed('tools')
  one.now.list[0]?.changed('prompts')
  await until(async () => (await rest.counts())['tools'] === 2)
  expect(performance.now() - began).toBeLessThan(2_000)
  expect(two.now.list).toEqual([])
  await first[Symbol.asyncDispose]()
  expect(one.now.list).toEqual([])
  await until(async () => two.now.list.length === 1)
})

test('a new URL that cannot be reached leaves nothing of what was learned of the old one', async () => {
  rest.upstream.offer = { era: 'legacy', revision: '2025-06-18', stateful: true, instructions: 'Ask.' }
  const id = await made()
  const learned = async (): Promise<unknown> =>
    (
      await rest.database.sql(
        'SELECT status, era, revision, era_evidence, stateful, capabilities, instructions FROM gateway_states',
      )
    )[0]
  const old = await learned()
  expect(old).toMatchObject({ status: 'active', era: 'legacy', revision: '2025-06-18', stateful: true })
  rest.upstream.fail = new GatewayError('upstream_unreachable', 'connection refused')
  await rest.ask('PUT', `/gateways/${id}`, { body: { authType: 'bearer', authToken: 'new' } })
  expect(await learned()).toEqual(old)
  const moved = await rest.ask('PUT', `/gateways/${id}`, { body: { url: 'http://127.0.0.1:9/2' } })
  expect(moved.body).toMatchObject({ status: 'pending', reachable: false, lastError: 'connection refused' })
  expect(await learned()).toEqual({
    status: 'pending',
    era: null,
    revision: null,
    era_evidence: null,
    stateful: false,
    capabilities: null,
    instructions: null,
  })
  rest.upstream.fail = null
  rest.upstream.offer = {}
  await due()
  const [one] = await care('w').store.claim('w', { count: 1, ms: 60_000 })
  if (one === undefined) throw new Error('nothing is due')
  await careFor(care('w'), one, new AbortController().signal)
  expect(await learned()).toMatchObject({ status: 'active', era: 'modern', revision: '2026-07-28', stateful: false })
})

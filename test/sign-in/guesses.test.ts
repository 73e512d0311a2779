import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientNetwork } from '#/access/client-network.ts'
import { signInStore } from '#/store/sign-in-store.ts'
import { databaseRelay, type DatabaseRelay } from '../support/database-relay.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { ask, login, mail, makePerson, USERS, type Answer } from './people.ts'

const owned = new AsyncDisposableStack()
let database: TestDatabase
let relay: DatabaseRelay
let gateway: RunningGateway

beforeAll(async () => {
  database = owned.use(await testDatabase())
  relay = owned.use(await databaseRelay(database.url))
  gateway = owned.use(await startGateway({ env: { DATABASE_URL: relay.url, CAUSEWAY_WORKERS: '2' } }))
})
afterAll(() => owned.disposeAsync())

const wrong = (name: string, from: string, over: { readonly headers?: Record<string, string> } = {}): Promise<Answer> =>
  login(gateway, name, { password: 'wrong-brook-seven', from, ...over })
const failures = async (name: string, from: string, times: number): Promise<number[]> => {
  const statuses: number[] = []
  for (let n = 0; n < times; n++) statuses.push((await wrong(name, from)).status)
  return statuses
}
const SIX = [401, 401, 401, 401, 401, 401]

describe('guessing at one account', () => {
  test('from one network is slowed down there; from a network that never failed the right password still works', async () => {
    await makePerson(gateway, 'ann')
    expect(await failures('ann', '127.1.0.1', 6)).toEqual(SIX)
    const closed = await login(gateway, 'ann', { from: '127.1.0.1' })
    expect([closed.status, closed.body.code]).toEqual([429, 'overloaded'])
    expect(Number(closed.headers['retry-after'])).toBeGreaterThan(0)
    expect((await login(gateway, 'ann', { from: '127.2.0.1' })).status).toBe(200)
    const { body } = await ask(gateway, 'GET', `${USERS}/${mail('ann')}`, { token: gateway.token })
    expect(body).toMatchObject({ is_locked: true, failed_login_attempts: 6 })
    await ask(gateway, 'POST', `${USERS}/${mail('ann')}/unlock`, { token: gateway.token })
    expect((await login(gateway, 'ann', { from: '127.1.0.1' })).status).toBe(200)
    const after = await ask(gateway, 'GET', `${USERS}/${mail('ann')}`, { token: gateway.token })
    expect(after.body).toMatchObject({ is_locked: false, locked_until: null })
  })

  test('pauses grow, end by themselves, and a success forgives', async () => {
    await makePerson(gateway, 'bob')
    await failures('bob', '127.3.0.1', 6)
    const closed = await wrong('bob', '127.3.0.1')
    await new Promise((resolve) => setTimeout(resolve, 1_050))
    expect([closed.status, closed.headers['retry-after']]).toEqual([429, '1'])
    expect((await wrong('bob', '127.3.0.1')).status).toBe(401)
    const longer = await wrong('bob', '127.3.0.1')
    expect([longer.status, Number(longer.headers['retry-after'])]).toEqual([429, 2])
    await new Promise((resolve) => setTimeout(resolve, 2_050))
    expect((await login(gateway, 'bob', { from: '127.3.0.1' })).status).toBe(200)
    expect(await failures('bob', '127.3.0.1', 5)).toEqual(SIX.slice(1))
  })

  test('is the same where there is no such account', async () => {
    expect(await failures('nobody', '127.4.0.1', 8)).toEqual([...SIX, 429, 429])
  })

  test('cannot be hidden by headers or by how the address is written', async () => {
    await makePerson(gateway, 'cid')
    const games = [
      { 'X-Forwarded-For': '203.0.113.1' },
      { 'x-fOrWaRdEd-FoR': '203.0.113.2, 203.0.113.3' },
      { Forwarded: 'for=203.0.113.4' },
      { 'X-Real-IP': '203.0.113.5' },
      { 'CF-Connecting-IP': '203.0.113.6' },
      { 'X-Client-IP': '2001:db8::7' },
    ]
    for (const headers of games) expect((await wrong('CiD', '127.5.0.1', { headers })).status).toBe(401)
    expect((await wrong('cid', '127.5.0.1', { headers: { 'X-Forwarded-For': '203.0.113.9' } })).status).toBe(429)
  })

  test('many at once are counted one by one', async () => {
    await makePerson(gateway, 'dan')
    const answers = await Promise.all(Array.from({ length: 30 }, () => wrong('dan', '127.6.0.1')))
    const looked = answers.filter(({ status }) => status === 401).length
    expect(looked).toBeLessThanOrEqual(6)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(30 - looked)
  })

  test('from very many networks leaves each of them fewer guesses, and does not lock the user out', async () => {
    await makePerson(gateway, 'eve')
    for (let n = 1; n <= 45; n++) expect((await wrong('eve', `127.7.${n}.1`)).status).toBe(401)
    expect((await wrong('eve', '127.7.1.1')).status).toBe(401)
    expect((await wrong('eve', '127.7.1.1')).status).toBe(429)
    expect((await login(gateway, 'eve', { from: '127.8.0.1' })).status).toBe(200)
  })
})

test('one network that tries many accounts is slowed down at all of them', async () => {
  const statuses: number[] = []
  for (let n = 0; n < 44; n++) statuses.push((await wrong(`spray${n}`, '127.9.0.1')).status)
  expect(statuses.indexOf(429)).toBe(41)
  expect((await login(gateway, 'ann', { from: '127.9.0.1' })).status).toBe(429)
  expect((await login(gateway, 'ann', { from: '127.9.1.1' })).status).toBe(200)
})

test('hopping within an IPv6 prefix is one network, within a site a neighbourhood', async () => {
  const { guess } = signInStore(database.db)
  const open = async (address: string): Promise<boolean> =>
    (await guess(mail('hopper'), clientNetwork(address))).closedForMs === null
  const within: boolean[] = []
  for (let n = 1; n <= 7; n++) within.push(await open(`2001:db8:1:2:${n}:${n}:${n}:${n}`))
  expect(within).toEqual([true, true, true, true, true, true, false])
  const around: boolean[] = []
  for (let n = 16; n < 32; n++) around.push(await open(`2001:db8:1:${n.toString(16)}::1`))
  expect(around.indexOf(false)).toBe(15)
  expect(await open('2001:db8:2::1')).toBe(true)
})

/** The quickest of interleaved tries: a busy machine makes each slower, and none quicker than its work. */
test('a wrong password, an unknown user, a disabled one and one without a password take the same time', async () => {
  await makePerson(gateway, 'fay')
  await makePerson(gateway, 'off', { is_active: false })
  await makePerson(gateway, 'none', { password: null })
  const names = ['fay', 'off', 'none', 'unknown'] as const
  const times: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]))
  for (let n = 0; n < 30; n++)
    for (const name of names) {
      const { status, ms } = await wrong(name, `127.10.${n}.1`)
      expect(status).toBe(401)
      times[name]?.push(ms)
    }
  const quickest = names.map((name) => Math.min(...(times[name] ?? [])))
  expect(Math.max(...quickest) / Math.min(...quickest)).toBeLessThan(3)
})

test('without the database nobody is let in, and is told so at once', async () => {
  relay.set('closed')
  const { status, headers, ms } = await login(gateway, 'bob', { from: '127.11.0.1' })
  relay.set('open')
  expect([status, Number(headers['retry-after']) > 0]).toEqual([503, true])
  expect(ms).toBeLessThan(1_500)
})

test('what failed is in the log, and who typed it only where it is a user', async () => {
  const output = await gateway.output()
  expect(output).toContain('"event":"sign_in.failed"')
  expect(output).toContain(mail('ann'))
  expect(output).not.toContain(mail('nobody'))
  expect(output).not.toContain('wrong-brook-seven')
})

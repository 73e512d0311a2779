import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { ask, eventually, login, mail, makePerson, USERS, type Asking } from './people.ts'

const owned = new AsyncDisposableStack()
/** Linux has all of 127/8: this one is a proxy, everybody else is not. */
const PROXY = '127.7.0.1'
let database: TestDatabase
let gateway: RunningGateway
let making: RunningGateway

beforeAll(async () => {
  database = owned.use(await testDatabase())
  gateway = owned.use(await start(database, { peers: ['127.7.0.0/16'], user_header: 'X-Remote-User' }))
  const other = owned.use(await testDatabase())
  making = owned.use(await start(other, { peers: [PROXY], user_header: 'X-Remote-User', unknown_users: 'make' }))
  await makePerson(gateway, 'ann')
})
afterAll(() => owned.disposeAsync())

function start({ url }: TestDatabase, proxy: object): Promise<RunningGateway> {
  const env = { DATABASE_URL: url, CAUSEWAY_WORKERS: '2', CAUSEWAY_TRUSTED_PROXY: JSON.stringify(proxy) }
  return startGateway({ env })
}

const me = (asking: Asking, at = gateway) => ask(at, 'GET', '/v1/auth/email/me', asking)
const list = (asking: Asking) =>
  ask(gateway, 'POST', '/mcp', {
    ...asking,
    headers: { accept: 'application/json, text/event-stream', ...asking.headers },
    body: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} },
  })
const named = (user: string): Asking => ({ from: PROXY, headers: { 'X-Remote-User': user } })
const forwarded = (address: string): Asking => ({ from: PROXY, headers: { 'X-Forwarded-For': address } })

describe('a proxy that is trusted names the user', () => {
  test('at every door, on every worker, whatever the case of header and address', async () => {
    await eventually(async () => (await me(named(mail('ann')))).status === 200)
    expect((await me(named(mail('ANN')))).body).toMatchObject({ email: mail('ann') })
    expect((await me({ from: PROXY, headers: { 'x-remote-USER': mail('ann') } })).body).toMatchObject({
      email: mail('ann'),
    })
    expect((await list(named(mail('ann')))).status).toBe(200)
    expect((await ask(gateway, 'GET', USERS, named(mail('ann')))).status).toBe(403)
  })

  test.each<[string, Asking, number]>([
    ['from anybody else', { headers: { 'X-Remote-User': mail('ann') } }, 401],
    ['from who says to be the proxy', { headers: { 'X-Remote-User': mail('ann'), 'X-Forwarded-For': PROXY } }, 401],
    ['of nobody here', { from: PROXY, headers: { 'X-Remote-User': mail('nobody') } }, 401],
    ['of nobody', { from: PROXY, headers: { 'X-Remote-User': '' } }, 401],
    ['beside a token that is not good', { ...named(mail('ann')), token: 'cwt_nothing' }, 401],
    ['with a longer name', { from: PROXY, headers: { 'X-Remote-User-Name': mail('ann') } }, 401],
  ])('a header %s lets nobody in', async (_, asking, status) => {
    const [rest, mcp] = await Promise.all([me(asking), list(asking)])
    expect([rest.status, mcp.status]).toEqual([status, status])
  })

  test('twice is once too often', async () => {
    const twice = { from: PROXY, headers: { 'X-Remote-User': [mail('ann'), mail('ann')] as never } }
    expect((await me(twice)).status).toBe(400)
  })

  test('a token goes before it', async () => {
    const { body } = await me({ ...named(mail('ann')), token: gateway.token })
    expect(body).toMatchObject({ email: 'admin@localhost' })
  })

  test('pages of other sites do not ask in the name of whom it names; links to here, and programs, may', async () => {
    const asking = (headers: Record<string, string>): Asking => ({
      from: PROXY,
      headers: { 'X-Remote-User': mail('ann'), ...headers },
    })
    expect((await me(asking({ 'sec-fetch-site': 'cross-site' }))).status).toBe(403)
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    expect((await me(asking(link))).status).toBe(200)
    const change = await ask(gateway, 'POST', '/v1/tokens', { ...asking(link), body: { name: 'theirs' } })
    expect(change.status).toBe(403)
    expect((await list(asking({ 'sec-fetch-site': 'same-site' }))).status).toBe(403)
    expect((await me(asking({ 'sec-fetch-site': 'same-origin' }))).status).toBe(200)
  })

  test('who is disabled is out at once', async () => {
    await makePerson(gateway, 'bob')
    await eventually(async () => (await me(named(mail('bob')))).status === 200)
    await gateway.api('PATCH', `${USERS}/${mail('bob')}`, { is_active: false })
    expect(await eventually(async () => (await me(named(mail('bob')))).status === 401)).toBeLessThan(1_000)
  })

  test('who is unknown becomes a user where that is allowed, once however many ask', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => me(named(mail('cat')), making)))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect(answers[0]?.body).toMatchObject({ email: mail('cat'), is_admin: false })
    expect((await me({ headers: { 'X-Remote-User': mail('dan') } }, making)).status).toBe(401)
    expect((await making.api('GET', `${USERS}/${mail('dan')}`)).status).toBe(404)
    expect((await me(named('no address'), making)).status).toBe(401)
  })
})

describe('a proxy that is trusted says where the client is', () => {
  const guess = (asking: Asking) => login(gateway, 'ann', { ...asking, password: 'wrong-every-time' })

  test('guesses are counted there, so that one network behind it does not close the door for the others', async () => {
    const statuses: number[] = []
    for (let n = 0; n < 8; n++) statuses.push((await guess(forwarded('203.0.113.9'))).status)
    expect(statuses).toContain(429)
    expect((await login(gateway, 'ann', forwarded('198.51.100.77'))).status).toBe(200)
    expect((await login(gateway, 'ann', forwarded('203.0.113.9'))).status).toBe(429)
  })

  test.each<[string, (n: number) => Asking]>([
    ['making up addresses before its own', (n) => forwarded(`192.0.2.${n}, 203.0.113.20`)],
    ['making up proxies', (n) => forwarded(`192.0.2.${n}, 127.7.0.9, 203.0.113.21`)],
    [
      'another header',
      (n) => ({ from: PROXY, headers: { 'X-Forwarded-For': '203.0.113.22', Forwarded: `for=192.0.2.${n}` } }),
    ],
    [
      'several headers',
      (n) => ({ from: PROXY, headers: { 'x-FORWARDED-for': [`192.0.2.${n}`, '203.0.113.23'] as never } }),
    ],
    ['hopping within a /64', (n) => forwarded(`2001:db8:7:1::${n}`)],
    [
      'coming from elsewhere than the proxy',
      (n) => ({ from: '127.8.0.1', headers: { 'X-Forwarded-For': `192.0.2.${n}` } }),
    ],
  ])('nobody guesses on by %s', async (_, asking) => {
    await ask(gateway, 'POST', `${USERS}/${mail('ann')}/unlock`, { token: gateway.token })
    const statuses: number[] = []
    for (let n = 1; n <= 8; n++) statuses.push((await guess(asking(n))).status)
    expect(statuses.slice(0, 1)).toEqual([401])
    expect(statuses).toContain(429)
  })

  test('ranges of addresses of a token hold there', async () => {
    const { body } = await gateway.api('POST', '/v1/tokens', {
      name: 'office',
      scope: { ip_restrictions: ['203.0.113.0/24'] },
    })
    const token = String(body['access_token'])
    await eventually(async () => (await me({ ...forwarded('203.0.113.9'), token })).status === 200)
    for (const address of ['198.51.100.1', '203.0.113.9, 198.51.100.1', 'unknown', '203.0.113.9, unknown', PROXY])
      expect([address, (await me({ ...forwarded(address), token })).status]).toEqual([address, 403])
    expect((await me({ headers: { 'X-Forwarded-For': '203.0.113.9' }, token })).status).toBe(403)
    expect((await me({ from: PROXY, token })).status).toBe(403)
  })

  test('records say so', async () => {
    await ask(gateway, 'POST', '/v1/auth/email/login', {
      ...forwarded('198.51.100.88'),
      body: { email: mail('ann'), password: 'mellow-brook-seven' },
    })
    const [row] = await database.sql<{ detail: string }>(
      `SELECT detail FROM audit_log WHERE action = 'session.begin' ORDER BY seq DESC LIMIT 1`,
    )
    expect(JSON.parse(row?.detail ?? '{}')).toMatchObject({ fromIp: '198.51.100.88' })
  })
})

test.each<[string, object, RegExp]>([
  ['no peers', { user_header: 'X-Remote-User' }, /CAUSEWAY_TRUSTED_PROXY needs peers/],
  ['everybody', { peers: ['0.0.0.0/0'], user_header: 'X-Remote-User' }, /no address and no range/],
  ['a header that means something else', { peers: [PROXY], user_header: 'Authorization' }, /user_header/],
])('with %s it does not start, and says why', async (_, proxy, why) => {
  const env = { CAUSEWAY_TRUSTED_PROXY: JSON.stringify(proxy) }
  await expect(startGateway({ env, readyWithinMs: 20_000 })).rejects.toThrow(why)
})

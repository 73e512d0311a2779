import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { freePort, startGateway, type RunningGateway } from '../support/gateway.ts'
import { ask, eventually, login, mail, makePerson, USERS, type Asking } from './people.ts'

const owned = new AsyncDisposableStack()
/** Linux has all of 127/8: this one is a proxy, everybody else is not. */
const PROXY = '127.7.0.1'
const SECRET = 'between-the-proxy-and-the-gateway'
const TOLD = { 'X-Causeway-Proxy-Secret': SECRET }
let database: TestDatabase
let gateway: RunningGateway
let making: RunningGateway

beforeAll(async () => {
  database = owned.use(await testDatabase())
  gateway = owned.use(await start(database, { peers: ['127.7.0.0/16'], user_header: 'X-Remote-User' }))
  const other = owned.use(await testDatabase({ template: 'unicode' }))
  making = owned.use(await start(other, { peers: [PROXY], user_header: 'X-Remote-User', unknown_users: 'make' }))
  await makePerson(gateway, 'ann')
})
afterAll(() => owned.disposeAsync())

function start({ url }: TestDatabase, proxy: object): Promise<RunningGateway> {
  return startGateway({ env: { DATABASE_URL: url, CAUSEWAY_WORKERS: '2', ...trusting(proxy) } })
}

function trusting(proxy: object): Readonly<Record<string, string>> {
  return { CAUSEWAY_TRUSTED_PROXY: JSON.stringify(proxy), CAUSEWAY_TRUSTED_PROXY_SECRET: SECRET }
}

const me = (asking: Asking, at = gateway) => ask(at, 'GET', '/v1/auth/email/me', asking)
const list = (asking: Asking) =>
  ask(gateway, 'POST', '/mcp', {
    ...asking,
    headers: { accept: 'application/json, text/event-stream', ...asking.headers },
    body: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} },
  })
const named = (user: string): Asking => ({ from: PROXY, headers: { 'X-Remote-User': user, ...TOLD } })
/** As one character for each byte, which is how a header is written. */
const inUtf8 = (text: string): string => Buffer.from(text).toString('latin1')
const forwarded = (address: string): Asking => ({ from: PROXY, headers: { 'X-Forwarded-For': address, ...TOLD } })

describe('a proxy that is trusted names the user', () => {
  test('at every door, on every worker, whatever the case of header and address', async () => {
    await eventually(async () => (await me(named(mail('ann')))).status === 200)
    expect((await me(named(mail('ANN')))).body).toMatchObject({ email: mail('ann') })
    expect((await me({ from: PROXY, headers: { 'x-remote-USER': mail('ann'), ...TOLD } })).body).toMatchObject({
      email: mail('ann'),
    })
    expect((await list(named(mail('ann')))).status).toBe(200)
    expect((await ask(gateway, 'GET', USERS, named(mail('ann')))).status).toBe(403)
  })

  test.each<[string, Asking, number]>([
    ['from anybody else', { ...named(mail('ann')), from: '127.8.0.1' }, 401],
    [
      'from who says to be the proxy',
      { headers: { 'X-Remote-User': mail('ann'), ...TOLD, 'X-Forwarded-For': PROXY } },
      401,
    ],
    ['without the secret', { from: PROXY, headers: { 'X-Remote-User': mail('ann') } }, 401],
    [
      'with another secret',
      { from: PROXY, headers: { 'X-Remote-User': mail('ann'), 'X-Causeway-Proxy-Secret': `${SECRET}!` } },
      401,
    ],
    ['of nobody here', named(mail('nobody')), 401],
    ['of nobody', named(''), 401],
    ['beside a token that is not good', { ...named(mail('ann')), token: 'cwt_nothing' }, 401],
    ['with a longer name', { from: PROXY, headers: { 'X-Remote-User-Name': mail('ann'), ...TOLD } }, 401],
  ])('a header %s lets nobody in', async (_, asking, status) => {
    const [rest, mcp] = await Promise.all([me(asking), list(asking)])
    expect([rest.status, mcp.status]).toEqual([status, status])
  })

  test('an address that is not all ASCII is read as UTF-8; bytes that are none are refused, and the log says so', async () => {
    await makePerson(gateway, 'zo\u00eb')
    await eventually(async () => (await me(named(inUtf8(mail('Zo\u00eb'))))).status === 200)
    expect((await me(named(inUtf8(mail('Zo\u00eb'))))).body).toMatchObject({ email: mail('zo\u00eb') })
    const { status, body } = await me(named(mail('zo\u00eb')))
    expect([status, body.detail]).toEqual([400, expect.stringContaining('in bytes that are no UTF-8')])
    expect((await ask(gateway, 'GET', '/mcp', named(mail('zo\u00eb')))).status).toBe(400)
    // Of refusals ten a second are written.
    const written = () => me(named(mail('zo\u00eb'))).then(() => gateway.output())
    const said = 'the proxy names a user in bytes that are no UTF-8'
    await vi.waitFor(async () => expect(await written()).toContain(said), { timeout: 10_000, interval: 300 })
  })

  test('twice is once too often', async () => {
    const twice = { from: PROXY, headers: { 'X-Remote-User': [mail('ann'), mail('ann')] as never, ...TOLD } }
    expect((await me(twice)).status).toBe(400)
  })

  test('a token goes before it', async () => {
    const { body } = await me({ ...named(mail('ann')), token: gateway.token })
    expect(body).toMatchObject({ email: 'admin@localhost' })
  })

  test('pages of other sites do not ask in the name of whom it names; links to here, and programs, may', async () => {
    const asking = (headers: Record<string, string>): Asking => ({
      from: PROXY,
      headers: { 'X-Remote-User': mail('ann'), ...TOLD, ...headers },
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
    expect((await me({ headers: { 'X-Remote-User': mail('dan'), ...TOLD } }, making)).status).toBe(401)
    expect((await me({ from: PROXY, headers: { 'X-Remote-User': mail('dan') } }, making)).status).toBe(401)
    const foreign = { 'X-Remote-User': mail('dan'), ...TOLD, 'sec-fetch-site': 'cross-site' }
    expect((await me({ from: PROXY, headers: foreign }, making)).status).toBe(403)
    expect((await making.api('GET', `${USERS}/${mail('dan')}`)).status).toBe(404)
    expect((await me(named('no address'), making)).status).toBe(401)
  })

  test('whose address only the database by itself takes for that of a user is somebody else', async () => {
    for (const email of ['ren\u00e9', 'REN\u00c9'].map(mail)) {
      const { status, body } = await me(named(inUtf8(email)), making)
      expect([status, body]).toMatchObject([200, { email }])
    }
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
      (n) => ({ from: PROXY, headers: { 'X-Forwarded-For': '203.0.113.22', Forwarded: `for=192.0.2.${n}`, ...TOLD } }),
    ],
    [
      'several headers',
      (n) => ({ from: PROXY, headers: { 'x-FORWARDED-for': [`192.0.2.${n}`, '203.0.113.23'] as never, ...TOLD } }),
    ],
    ['hopping within a /64', (n) => forwarded(`2001:db8:7:1::${n}`)],
    [
      'coming from elsewhere than the proxy',
      (n) => ({ from: '127.8.0.1', headers: { 'X-Forwarded-For': `192.0.2.${n}`, ...TOLD } }),
    ],
    [
      'coming from where the proxy is, without its secret',
      (n) => ({ from: PROXY, headers: { 'X-Forwarded-For': `192.0.2.${n}` } }),
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
    expect((await me({ headers: { 'X-Forwarded-For': '203.0.113.9', ...TOLD }, token })).status).toBe(403)
    expect((await me({ from: PROXY, token })).status).toBe(403)
    const posing = { from: PROXY, headers: { 'X-Forwarded-For': '203.0.113.9' } }
    expect((await me({ ...posing, token })).status).toBe(403)
    const guessing = { ...posing.headers, 'X-Causeway-Proxy-Secret': `${SECRET}!` }
    expect((await me({ ...posing, headers: guessing, token })).status).toBe(403)
  })

  test('a proxy that does not say it is no client: its own probes are answered, and guesses through it are counted', async () => {
    expect((await ask(gateway, 'GET', '/health', { from: PROXY })).status).toBe(200)
    expect((await me({ from: PROXY, token: gateway.token })).status).toBe(200)
    const { body } = await gateway.api('POST', '/v1/tokens', {
      name: 'of the proxy itself',
      scope: { ip_restrictions: [PROXY] },
    })
    const token = String(body['access_token'])
    await eventually(async () => (await me({ ...forwarded(PROXY), token })).status === 200)
    expect((await me({ from: PROXY, token })).status).toBe(403)
    expect((await me({ ...forwarded(''), token })).status).toBe(403)
    await ask(gateway, 'POST', `${USERS}/${mail('ann')}/unlock`, { token: gateway.token })
    const statuses: number[] = []
    for (let n = 0; n < 8; n++) statuses.push((await guess({ from: PROXY })).status)
    expect(statuses).toContain(429)
    expect((await login(gateway, 'ann', forwarded('198.51.100.99'))).status).toBe(200)
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

describe('a gateway that a proxy on its own machine reaches', () => {
  const proxy = { peers: ['127.0.0.1'], user_header: 'X-Remote-User' }
  const peek = (gateway: RunningGateway) => ({
    name: 'peek',
    integration_type: 'REST',
    request_type: 'GET',
    url: `${gateway.url}/v1/auth/email/admin/users`,
  })
  const admin = { 'X-Remote-User': 'admin@localhost', ...TOLD }

  const declarations = (gateway: RunningGateway) =>
    ['X-Remote-User', 'x-forwarded-for', 'X-Real-IP', 'X-Causeway-Proxy-Secret'].flatMap((name) => {
      const tool = { ...peek(gateway), name: 'again' }
      const server = { name: 'itself', url: `${gateway.url}/mcp` }
      const auth_headers = [{ key: name, value: 'x' }]
      return [
        ['headers', '/v1/tools', { ...tool, headers: { [name]: 'x' } }],
        ['headerMapping', '/v1/tools', { ...tool, header_mapping: { who: name } }],
        ['authHeaders', '/v1/tools', { ...tool, auth_type: 'authheaders', auth_headers }],
        ['authHeaders', '/v1/gateways', { ...server, auth_type: 'authheaders', auth_headers }],
        ['passthroughHeaders', '/v1/gateways', { ...server, passthrough_headers: [name] }],
      ] as const
    })

  test('is not what its own tools and gateways name somebody to, be they declared now or before', async () => {
    await using before = await testDatabase()
    const dataDir = await mkdtemp(join(tmpdir(), 'cw-proxied-'))
    await using _gone = { [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true }) }
    await chmod(dataDir, 0o711)
    const port = String(await freePort())
    const env = { DATABASE_URL: before.url, CAUSEWAY_WORKERS: '1', PORT: port }
    {
      await using plain = await startGateway({ env, dataDir })
      const headers = { 'X-Remote-User': 'admin@localhost' }
      const { status, body } = await plain.api('POST', '/v1/tools', { ...peek(plain), headers })
      expect([status, body]).toEqual([expect.toSatisfy((one: number) => one < 300), expect.anything()])
    }
    await using proxied = await startGateway({ env: { ...env, ...trusting(proxy) }, dataDir })
    expect((await me({ headers: admin }, proxied)).body).toMatchObject({ email: 'admin@localhost' })
    expect((await me({ headers: { 'X-Remote-User': 'admin@localhost' } }, proxied)).status).toBe(401)
    const called = await ask(proxied, 'POST', '/mcp', {
      token: proxied.token,
      headers: { accept: 'application/json, text/event-stream' },
      body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'peek', arguments: {} } },
    })
    const said = JSON.stringify(called.body)
    expect(said).toContain('says who or where a client is')
    expect(said).not.toContain('"email')
    for (const [field, path, more] of declarations(proxied)) {
      const answer = await proxied.api('POST', path, more)
      expect([answer.status, answer.body['field']]).toEqual([422, field])
      expect(answer.body['detail']).toContain('says who or where a client is')
    }
    expect(await proxied.output()).not.toContain(SECRET)
  })
})

test.each<[string, object, RegExp]>([
  ['no peers', { user_header: 'X-Remote-User' }, /CAUSEWAY_TRUSTED_PROXY needs peers/],
  ['everybody', { peers: ['0.0.0.0/0'], user_header: 'X-Remote-User' }, /no address and no range/],
  ['a header that means something else', { peers: [PROXY], user_header: 'Authorization' }, /user_header/],
])('with %s it does not start, and says why', async (_, proxy, why) => {
  await expect(startGateway({ env: trusting(proxy), readyWithinMs: 20_000 })).rejects.toThrow(why)
})

test('without the secret, or with doors open to strangers, nobody is named, and it says what to do', async () => {
  const proxy = { peers: [PROXY], user_header: 'X-Remote-User' }
  const env = { CAUSEWAY_TRUSTED_PROXY: JSON.stringify(proxy), CAUSEWAY_PUBLIC_REGISTRATION: 'true' }
  const start = startGateway({ env, readyWithinMs: 20_000 })
  await expect(start).rejects.toThrow(/CAUSEWAY_TRUSTED_PROXY_SECRET must be set[^]*CAUSEWAY_PUBLIC_REGISTRATION and/)
})

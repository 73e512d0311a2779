import { connect } from 'node:http2'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { beforeEach, describe, expect, test } from 'vitest'
import { STARTING_PEERS } from '../clients/peers.ts'
import { eventually, mail, PASSWORD, USERS, ask as askGateway } from '../sign-in/people.ts'
import { NAME } from '../support/nginx.ts'
import { TEST_CERTIFICATE } from '../support/test-certificate.ts'
import {
  ask,
  ELSEWHERE,
  JSON_RPC,
  NGINX_PASSWORD,
  sceneForTests,
  SECRET,
  type Asking,
  type ProxyScene,
} from './scene.ts'

const onScene = sceneForTests()
let scene: ProxyScene
beforeEach(() => void (scene = onScene()))

const ME = '/v1/auth/email/me'
const me = (asking: Asking) => ask(scene.plain, 'GET', ME, asking)
const call = (name: string, args: object = {}) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name, arguments: args, _meta: { progressToken: 'p' } },
})

describe('MCP goes through nginx', () => {
  const path = '/mcp'
  const headers = (): Record<string, string> => ({
    ...JSON_RPC,
    'content-type': 'application/json',
    authorization: `Bearer ${scene.gateway.token}`,
  })

  /** A call that tells of its progress for as long as it is open, and what ends it. */
  const OPEN: Readonly<Record<string, () => Promise<{ events: Readable; leave: () => void }>>> = {
    'HTTP/1.1': async () => {
      const to = { host: '127.0.0.1', port: scene.plain, servername: NAME, ca: TEST_CERTIFICATE, agent: new Agent() }
      const sent = request({ ...to, method: 'POST', path, headers: { host: NAME, ...headers() } })
      sent.end(JSON.stringify(call('ticks-tick')))
      const events = await new Promise<Readable>((resolve, reject) => sent.on('response', resolve).on('error', reject))
      return { events, leave: () => sent.destroy() }
    },
    'HTTP/2': async () => {
      const session = connect(`https://127.0.0.1:${scene.plain}`, { servername: NAME, ca: TEST_CERTIFICATE })
      const stream = session.request({ ':method': 'POST', ':path': path, ':authority': NAME, ...headers() })
      stream.end(JSON.stringify(call('ticks-tick')))
      await new Promise((resolve, reject) => stream.on('response', resolve).on('error', reject))
      return { events: stream, leave: () => session.destroy() }
    },
  }

  test.each(Object.entries(OPEN))('over %s each event as it happens, and who leaves has left', async (_, open) => {
    const { events, leave } = await open()
    const seen: number[] = []
    events.on('error', () => {})
    events.on('data', (chunk: Buffer) => {
      for (const _event of chunk.toString().matchAll(/notifications\/progress/g)) seen.push(performance.now())
    })
    // They tick every 50 ms and never end: of what is buffered nothing would come before some forty of them.
    await expect.poll(() => seen.length, { timeout: 5_000, interval: 10 }).toBeGreaterThanOrEqual(10)
    const distinct = new Set(seen.map((at) => Math.round(at / 10)))
    expect(distinct.size).toBeGreaterThanOrEqual(5)
    expect(scene.ticking.ticking).toBe(1)
    const left = performance.now()
    leave()
    await expect.poll(() => scene.ticking.ticking, { timeout: 5_000, interval: 10 }).toBe(0)
    expect(performance.now() - left).toBeLessThan(1_000)
  })

  test('a call that says nothing for a while is answered', async () => {
    const body = call('sleeps-slow', { ms: 2_000 })
    const { status, text } = await ask(scene.plain, 'POST', path, { headers: headers(), body })
    expect([status, JSON.parse(text)]).toMatchObject([200, { result: { content: [{ text: 'ok' }] } }])
  })

  test('what is too large is refused in the client’s own protocol, and what is not goes through', async () => {
    const text = 'x'.repeat(3 << 20)
    const answer = await ask(scene.plain, 'POST', path, {
      headers: headers(),
      body: call('sleeps-echo', { text }),
    })
    expect([answer.status, answer.text.includes(text)]).toEqual([200, true])
    const large = call('sleeps-echo', { text: text + text })
    const refused = await ask(scene.plain, 'POST', path, { headers: headers(), body: large })
    expect([refused.status, JSON.parse(refused.text)]).toMatchObject([413, { error: { code: -32600 } }])
  })

  test.each(Object.keys(STARTING_PEERS))('the official client over the bridge, %s', async (name) => {
    const { PATH = '' } = process.env
    await using client = await STARTING_PEERS[name]!({
      command: process.execPath,
      args: [join(import.meta.dirname, '../../bin/causeway.js'), 'bridge'],
      env: {
        PATH,
        HOME: '/nonexistent',
        CAUSEWAY_URL: `https://127.0.0.1:${scene.plain}`,
        CAUSEWAY_TOKEN: scene.gateway.token,
        NODE_EXTRA_CA_CERTS: scene.certificate,
      },
    })
    expect((await client.listTools()).map((tool) => tool.name)).toContain('sleeps-echo')
    expect(await client.callTool('sleeps-echo', { text: 'through nginx' })).toMatchObject({
      content: [{ text: 'through nginx' }],
    })
  })
})

/** What clients write themselves, as if they were a proxy. */
const FORGED: readonly (readonly [string, (address: string) => Asking['headers']])[] = [
  ['nothing', () => ({})],
  ['X-Forwarded-For', (address) => ({ 'X-Forwarded-For': address })],
  ['several of them', (address) => ({ 'x-forwarded-FOR': [address, '127.0.0.1'] })],
  ['one that ends with the proxy', (address) => ({ 'X-Forwarded-For': `${address}, 127.0.0.1` })],
  ['Forwarded', (address) => ({ Forwarded: `for=${address}` })],
  ['X-Real-IP', (address) => ({ 'X-Real-IP': address })],
  [
    'a secret beside it',
    (address) => ({ 'X-Forwarded-For': address, 'X-Causeway-Proxy-Secret': `${SECRET}-or-another` }),
  ],
]

describe('a client is where nginx sees it', () => {
  test.each(FORGED)('guesses are counted there, whatever it writes: %s', async (_, forged) => {
    const n = FORGED.findIndex(([, each]) => each === forged)
    const from = `127.9.${n}.9`
    const guess = (password: string, asking: Asking) =>
      ask(scene.plain, 'POST', '/v1/auth/email/login', { body: { email: mail('bob'), password }, ...asking })
    await scene.gateway.api('POST', `${USERS}/${mail('bob')}/unlock`)
    const statuses: number[] = []
    for (let i = 1; i <= 8; i++)
      statuses.push((await guess('wrong-every-time', { from, headers: forged(`192.0.2.${i}`) ?? {} })).status)
    expect(statuses[0]).toBe(401)
    expect(statuses).toContain(429)
    expect((await guess(PASSWORD, { from: `127.10.${n}.9` })).status).toBe(200)
    expect((await guess(PASSWORD, { from, headers: forged(`127.10.${n}.9`) ?? {} })).status).toBe(429)
  })

  test('a token that is good from some addresses is good from there, and from nowhere else', async () => {
    const scope = { ip_restrictions: [`${ELSEWHERE}/32`] }
    const { body } = await scene.gateway.api('POST', '/v1/tokens', { name: 'bound', scope })
    const token = String(body['access_token'])
    await eventually(async () => (await me({ token })).status === 200)
    for (const [what, forged] of FORGED) {
      const elsewhere = { token, from: '127.9.0.10', headers: forged(ELSEWHERE) ?? {} }
      expect([what, (await me(elsewhere)).status]).toEqual([what, 403])
      expect([what, (await me({ token, headers: forged('192.0.2.1') ?? {} })).status]).toEqual([what, 200])
    }
    // A program on this machine that is not nginx, though it comes from the same address.
    const posing = { token, headers: { 'X-Forwarded-For': ELSEWHERE } }
    expect((await askGateway(scene.gateway, 'GET', ME, posing)).status).toBe(403)
    const knowing = { ...posing.headers, 'X-Causeway-Proxy-Secret': SECRET }
    expect((await askGateway(scene.gateway, 'GET', ME, { token, headers: knowing })).status).toBe(200)
  })

  test('records say so', async () => {
    await ask(scene.plain, 'POST', '/v1/auth/email/login', {
      from: '127.9.7.7',
      body: { email: mail('cid'), password: PASSWORD },
    })
    const { body } = await scene.gateway.api('GET', '/v1/audit?action=session.begin&limit=5')
    expect(JSON.stringify(body)).toContain('127.9.7.7')
  })
})

describe('nginx says who somebody is', () => {
  const basic = (name: string, password = NGINX_PASSWORD) =>
    `Basic ${Buffer.from(`${mail(name)}:${password}`).toString('base64')}`
  const signedIn = (headers: Asking['headers'], method = 'GET', path = ME) =>
    ask(scene.signedIn, method, path, { headers: headers ?? {} })

  test('whom it has signed in is that user, in REST and MCP', async () => {
    const { status, text } = await signedIn({ authorization: basic('ann') })
    expect([status, JSON.parse(text)]).toMatchObject([200, { email: mail('ann'), is_admin: false }])
    const list = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }
    const headers = { ...JSON_RPC, authorization: basic('ann') }
    const listed = await ask(scene.signedIn, 'POST', '/mcp', { headers, body: list })
    expect([listed.status, listed.text]).toEqual([200, expect.stringContaining('sleeps-echo')])
  })

  test.each<[string, () => Asking['headers'], number]>([
    ['nobody', () => ({}), 401],
    ['a wrong password', () => ({ authorization: basic('ann', 'guess') }), 401],
    ['whom Causeway does not know', () => ({ authorization: basic('nobody') }), 401],
    ['a token of Causeway’s', () => ({ authorization: `Bearer ${scene.gateway.token}` }), 401],
    ['a name without signing in', () => ({ 'X-Remote-User': 'admin@localhost' }), 401],
  ])('%s is not', async (_, headers, expected) => {
    expect((await signedIn(headers())).status).toBe(expected)
  })

  test('who has signed in cannot be another by a header, nor more than one', async () => {
    for (const name of ['X-Remote-User', 'x-remote-user', 'X_Remote_User']) {
      const { status, text } = await signedIn({ authorization: basic('ann'), [name]: 'admin@localhost' })
      expect([name, status, JSON.parse(text)]).toMatchObject([name, 200, { email: mail('ann') }])
    }
  })

  test.each<[string, Record<string, string>]>([
    ['the header', { 'X-Remote-User': 'admin@localhost' }],
    ['the header and a guess', { 'X-Remote-User': 'admin@localhost', 'X-Causeway-Proxy-Secret': 'guess' }],
    ['the header and the secret', { 'X-Remote-User': 'admin@localhost', 'X-Causeway-Proxy-Secret': SECRET }],
    ['another spelling', { X_Remote_User: 'admin@localhost' }],
  ])('where nobody signs in %s of a client names nobody', async (_, headers) => {
    expect((await me({ headers })).status).toBe(401)
  })

  test('a program on this machine that is not nginx names nobody', async () => {
    const posing = { 'X-Remote-User': mail('ann') }
    expect((await askGateway(scene.gateway, 'GET', ME, { headers: posing })).status).toBe(401)
    const guessing = { ...posing, 'X-Causeway-Proxy-Secret': `${SECRET}?` }
    expect((await askGateway(scene.gateway, 'GET', ME, { headers: guessing })).status).toBe(401)
    const knowing = { ...posing, 'X-Causeway-Proxy-Secret': SECRET }
    expect((await askGateway(scene.gateway, 'GET', ME, { headers: knowing })).status).toBe(200)
  })
})

describe('names and origins', () => {
  test('the public name is answered; another is refused by Causeway, behind nginx as before it', async () => {
    expect((await me({ token: scene.gateway.token })).status).toBe(200)
    for (const host of ['other.example.com', 'tls.test.example.com', `evil-${NAME}`]) {
      const { status, text } = await me({ token: scene.gateway.token, headers: { host } })
      expect([host, status, text]).toEqual([host, 403, expect.stringContaining('is not ours')])
    }
  })

  test('pages of other origins do not call, with a token or without', async () => {
    const initialize = { jsonrpc: '2.0', id: 1, method: 'ping' }
    const asking = (origin: string): Asking => ({
      token: scene.gateway.token,
      body: initialize,
      headers: { ...JSON_RPC, origin },
    })
    const of = (origin: string) => ask(scene.plain, 'POST', '/mcp', asking(origin))
    expect((await of(scene.publicUrl)).status).toBe(200)
    for (const origin of ['https://evil.example.com', 'http://localhost:3000', `https://${NAME}`, 'null'])
      expect([origin, (await of(origin)).status]).toEqual([origin, 403])
  })
})

import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTickingServer, type TickingServer } from '../fixtures/ticking-server.ts'
import { testDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'

const STDIO_SERVER = join(import.meta.dirname, '../fixtures/stdio-server.ts')
const owned = new AsyncDisposableStack()
let gateway: RunningGateway
let upstream: TickingServer
let team: string
let teamGateway: string

beforeAll(async () => {
  upstream = owned.use(await startTickingServer())
  const database = owned.use(await testDatabase())
  gateway = owned.use(await startGateway({ env: { DATABASE_URL: database.url, CAUSEWAY_WORKERS: '2' } }))
  await gateway.register('open', upstream.url)
  team = (await asked('POST', '/v1/teams', { name: 'red' })).id
  teamGateway = (
    await asked('POST', '/v1/gateways', { name: 'red', url: upstream.url, team_id: team, visibility: 'team' })
  ).id
})
afterAll(() => owned.disposeAsync())

interface Answer {
  readonly id: string
  readonly access_token: string
  readonly token: { readonly id: string }
}

async function asked(method: string, path: string, body?: object): Promise<Answer> {
  const answer = await gateway.api(method, path, body)
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body as unknown as Answer
}

interface Somebody {
  readonly email: string
  readonly tokenId: string
  readonly token: string
}

let people = 0

/** A new user in the team, with a token that every worker knows. */
async function somebody(scope?: object): Promise<Somebody> {
  const email = `user-${++people}@example.com`
  await asked('POST', '/v1/auth/email/admin/users', { email })
  await asked('POST', `/v1/teams/${team}/members`, { email, role: 'member' })
  const made = await asked('POST', '/v1/tokens', { name: email, user_email: email, ...(scope && { scope }) })
  await sleep(1_000)
  return { email, token: made.access_token, tokenId: made.token.id }
}

interface Stream {
  readonly events: number
  /** When it ended, as performance.now(); undefined: it goes on. */
  readonly endedAt: number | undefined
  readonly said: string
  close(): void
}

/** A call that ticks, on a connection of its own, so that the workers have them in turn. Resolves with its first event. */
async function open(token: string, path = '/mcp', tool = 'open-tick'): Promise<Stream> {
  const params = { name: tool, arguments: {}, _meta: { progressToken: 'p' } }
  const stream = { events: 0, endedAt: undefined as number | undefined, said: '', close: () => void sent.destroy() }
  const sent = request(gateway.url + path, {
    method: 'POST',
    agent: false,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
  })
  const ended = (): void => void (stream.endedAt ??= performance.now())
  await new Promise<void>((resolve, reject) => {
    sent.on('response', (response) => {
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        stream.said = text
        if (text.includes('notifications/progress') && stream.events++ === 0) resolve()
      })
      response.on('close', () => {
        ended()
        reject(new Error(`no event came: ${response.statusCode} ${stream.said}`))
      })
    })
    sent.on('error', (error) => {
      ended()
      reject(error)
    })
    sent.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }))
  })
  return stream
}

const openSix = (token: string, path?: string, tool?: string): Promise<Stream[]> =>
  Promise.all(Array.from({ length: 6 }, () => open(token, path, tool)))

async function until(holds: () => boolean, ms = 5_000): Promise<void> {
  for (const began = performance.now(); !holds(); await sleep(5))
    if (performance.now() - began > ms) throw new Error('it did not come true in time')
}

/** From the moment that the change is asked for until the last of the streams has ended. */
async function endOf(streams: readonly Stream[], change: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await change()
  await until(() => streams.every(({ endedAt }) => endedAt !== undefined))
  return Math.max(...streams.map(({ endedAt = Infinity }) => endedAt)) - began
}

type Change = (who: Somebody) => Promise<unknown>

/** Business hours where it is evening or night now, and is so for three hours more at least. */
const NIGHT = {
  business_hours_only: true,
  timezone: ['UTC', 'Etc/GMT-12', 'Etc/GMT-6', 'UTC'][Math.floor(new Date().getUTCHours() / 6)],
}

const CHANGES: Readonly<Record<string, Change>> = {
  'a revoked token': ({ tokenId }) => asked('DELETE', `/v1/tokens/${tokenId}`),
  'a token that is switched off': ({ tokenId }) => asked('PUT', `/v1/tokens/${tokenId}`, { is_active: false }),
  'a token that is narrowed': ({ tokenId }) =>
    asked('PUT', `/v1/tokens/${tokenId}`, { scope: { permissions: ['tools.read'] } }),
  'a token that is narrowed to hours that are over': ({ tokenId }) =>
    asked('PUT', `/v1/tokens/${tokenId}`, { scope: { time_restrictions: NIGHT } }),
  'a disabled user': ({ email }) => asked('PATCH', `/v1/auth/email/admin/users/${email}`, { is_active: false }),
  'a deleted user': ({ email }) => asked('DELETE', `/v1/auth/email/admin/users/${email}`),
}

test.each(Object.entries(CHANGES))('%s ends what is open on every worker in under a second', async (name, change) => {
  const [who, other] = [await somebody(), await somebody()]
  const [bystander] = await openSix(other.token)
  const ms = await endOf(await openSix(who.token), () => change(who))
  console.log(`${name}: ${Math.round(ms)} ms from the request until the last of six streams ended`)
  expect(ms).toBeLessThan(1_000)
  const before = bystander?.events ?? 0
  await until(() => (bystander?.events ?? 0) > before)
  expect(bystander?.endedAt).toBeUndefined()
  await asked('DELETE', `/v1/tokens/${other.tokenId}`)
})

const AT_TEAM = (): string => `/gateways/${teamGateway}/mcp`

test('a left team ends what was open there, and leaves alone what everybody may call', async () => {
  const who = await somebody()
  const inTeam = await openSix(who.token, AT_TEAM(), 'tick')
  const outside = await openSix(who.token)
  const ms = await endOf(inTeam, () => asked('DELETE', `/v1/teams/${team}/members/${who.email}`))
  console.log(`a left team: ${Math.round(ms)} ms`)
  expect(ms).toBeLessThan(1_000)
  const before = outside.map(({ events }) => events)
  await until(() => outside.every(({ events }, n) => events > (before[n] ?? 0)))
  expect(outside.filter(({ endedAt }) => endedAt !== undefined)).toEqual([])
  await asked('DELETE', `/v1/tokens/${who.tokenId}`)
})

/** Somebody outside of the team, who sees what is there by a role alone. */
async function outsider(role: object): Promise<Somebody> {
  const who = await somebody()
  await asked('DELETE', `/v1/teams/${team}/members/${who.email}`)
  await asked('POST', `/v1/rbac/users/${who.email}/roles`, { role_id: 'platform_admin', scope: 'global', ...role })
  await sleep(500)
  return who
}

test('what depends on an address goes on while its token is good there, whatever else of it is changed', async () => {
  const who = await somebody({ ip_restrictions: ['127.0.0.0/8'] })
  const streams = await openSix(who.token)
  const change = async (body: object): Promise<void> => {
    await asked('PUT', `/v1/tokens/${who.tokenId}`, body)
    const before = streams.map(({ events }) => events)
    await sleep(1_000)
    await until(() => streams.every(({ events, endedAt }, n) => endedAt !== undefined || events > (before[n] ?? 0)))
  }
  await change({ name: `another name of ${who.email}` })
  await change({ scope: { permissions: ['servers.use', 'tools.read', 'tools.execute'] } })
  await change({ scope: { ip_restrictions: ['127.0.0.1/32'] } })
  expect(streams.filter(({ endedAt }) => endedAt !== undefined)).toEqual([])
  const elsewhere = { scope: { ip_restrictions: ['127.0.0.1/32'], permissions: ['servers.use', 'tools.read'] } }
  expect(await endOf(streams, () => asked('PUT', `/v1/tokens/${who.tokenId}`, elsewhere))).toBeLessThan(1_000)
})

test('what began where its token is good no longer ends', async () => {
  const who = await somebody({ ip_restrictions: ['127.0.0.0/8'] })
  const streams = await openSix(who.token)
  const elsewhere = { scope: { ip_restrictions: ['127.0.0.2/32'] } }
  expect(await endOf(streams, () => asked('PUT', `/v1/tokens/${who.tokenId}`, elsewhere))).toBeLessThan(1_000)
  for (const { said } of streams) expect(said).toContain('not good for requests from 127.0.0.1')
})

test('a role that is taken ends what only it allowed', async () => {
  const who = await outsider({})
  const inTeam = await openSix(who.token, AT_TEAM(), 'tick')
  const outside = await openSix(who.token)
  const path = `/v1/rbac/users/${who.email}/roles/platform_admin?scope=global`
  const ms = await endOf(inTeam, () => asked('DELETE', path))
  console.log(`a role taken: ${Math.round(ms)} ms`)
  expect(ms).toBeLessThan(1_000)
  expect(outside.filter(({ endedAt }) => endedAt !== undefined)).toEqual([])
  await asked('DELETE', `/v1/tokens/${who.tokenId}`)
})

test('a role that ends by the clock ends what only it allowed', async () => {
  const expires = new Date(Date.now() + 4_000)
  const who = await outsider({ expires_at: expires.toISOString() })
  const streams = await openSix(who.token, AT_TEAM(), 'tick')
  await until(() => streams.every(({ endedAt }) => endedAt !== undefined))
  expect(Date.now() - expires.getTime()).toBeLessThan(1_000)
  expect(Date.now() - expires.getTime()).toBeGreaterThanOrEqual(0)
})

test('a role that is changed ends the log that only it let be followed', async () => {
  const role = { name: 'keeper', scope: 'team', permissions: ['gateways.update'] }
  const { id } = await asked('POST', '/v1/rbac/roles', role)
  const who = await somebody()
  await asked('POST', `/v1/rbac/users/${who.email}/roles`, { role_id: id, scope: 'team', scope_id: team })
  const command = { transport: 'STDIO', command: process.execPath, args: [STDIO_SERVER] }
  const made = await asked('POST', '/v1/gateways', { name: 'logged', ...command, team_id: team, visibility: 'team' })
  await sleep(1_000)
  const logs = await fetch(`${gateway.url}/v1/gateways/${made.id}/logs?follow=true`, {
    headers: { authorization: `Bearer ${who.token}` },
  })
  expect(logs.status).toBe(200)
  const ended = logs.text().then(
    () => performance.now(),
    () => performance.now(),
  )
  const began = performance.now()
  await asked('PUT', `/v1/rbac/roles/${id}`, { permissions: ['gateways.read'] })
  expect((await ended) - began).toBeLessThan(1_000)
})

test('the end is told to the upstream and says why', async () => {
  await until(() => upstream.ticking === 0)
  const who = await somebody()
  const streams = await openSix(who.token)
  expect(upstream.ticking).toBe(6)
  await asked('DELETE', `/v1/tokens/${who.tokenId}`)
  await until(() => upstream.ticking === 0)
  await until(() => streams.every(({ endedAt }) => endedAt !== undefined))
  for (const { said } of streams) expect(said).toContain('the token was revoked or switched off')
})

test('a tool that is called by a REST route ends the same way', async () => {
  const who = await somebody()
  const tools = (await gateway.api('GET', '/v1/tools?limit=0')).body as unknown as readonly {
    id: string
    name: string
  }[]
  const id = tools.find(({ name }) => name === 'open-tick')?.id
  const answers = Array.from({ length: 6 }, async () => {
    const answer = await fetch(`${gateway.url}/v1/tools/${id}/call`, {
      method: 'POST',
      headers: { authorization: `Bearer ${who.token}`, 'content-type': 'application/json', connection: 'close' },
      body: '{"arguments":{}}',
    })
    await answer.arrayBuffer()
    return { status: answer.status, at: performance.now() }
  })
  await until(() => upstream.ticking === 6)
  const began = performance.now()
  await asked('DELETE', `/v1/tokens/${who.tokenId}`)
  for (const { status, at } of await Promise.all(answers)) {
    expect(status).toBe(401)
    expect(at - began).toBeLessThan(1_000)
  }
})

test.each(['/mcp', '/rpc', '/v1/tools'])(
  'who is refused while a body for %s comes does nothing with it',
  async (path) => {
    const who = await somebody()
    const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${who.token}\r\nContent-Type: application/json\r\n`
    const sockets = Array.from({ length: 4 }, () => connect(Number(new URL(gateway.url).port), '127.0.0.1'))
    for (const socket of sockets) socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`)
    await sleep(200)
    await asked('DELETE', `/v1/tokens/${who.tokenId}`)
    await sleep(800)
    for (const socket of sockets) {
      socket.setEncoding('utf8').write(body.slice(10))
      const [said] = (await once(socket, 'data')) as [string]
      expect(said).toMatch(/^HTTP\/1.1 401 /)
      socket.destroy()
    }
  },
)

import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startSlowServer } from '../fixtures/slow-server.ts'
import { testDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'

const owned = new AsyncDisposableStack()
let gateway: RunningGateway

beforeAll(async () => {
  const upstream = owned.use(await startSlowServer())
  const database = owned.use(await testDatabase())
  gateway = owned.use(await startGateway({ env: { DATABASE_URL: database.url, CAUSEWAY_WORKERS: '2' } }))
  await gateway.register('up', upstream.at('modern'))
})
afterAll(() => owned.disposeAsync())

interface Token {
  readonly id: string
  readonly text: string
  readonly view: Record<string, unknown>
}
let made = 0

async function token(scope: object, over: object = {}): Promise<Token> {
  const { status, body } = await gateway.api('POST', '/v1/tokens', { name: `limited ${++made}`, scope, ...over })
  expect([status, body['detail']]).toEqual([201, undefined])
  const view = body['token'] as { id: string }
  // The worker that answered knows it at once, the other one in a moment.
  await sleep(600)
  return { id: view.id, text: String(body['access_token']), view }
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly retryAfter: string | undefined
}

/** On a connection of its own, from an address of the loopback network. */
function ask(
  text: string,
  path: string,
  { body, from = '127.0.0.1' }: { body?: object; from?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      gateway.url + path,
      {
        method: body === undefined ? 'GET' : 'POST',
        agent: false,
        localAddress: from,
        headers: { authorization: `Bearer ${text}`, 'content-type': 'application/json', accept: 'application/json' },
      },
      (answer) => {
        let said = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
        answer.on('end', () => {
          const retryAfter = answer.headers['retry-after']
          resolve({ status: answer.statusCode ?? 0, text: said, retryAfter })
        })
      },
    )
    sent.on('error', reject).end(body && JSON.stringify(body))
  })
}

const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'up-echo', arguments: { text: 'x' } } }

test('a token is good from its addresses alone, at every door, and says so', async () => {
  const { text, view } = await token({ ip_restrictions: ['127.0.0.2', '10.1.2.3/8', '10.9.9.9/8'] })
  expect(view['ip_restrictions']).toEqual(['127.0.0.2/32', '10.0.0.0/8'])
  for (const [path, body] of [['/v1/tools'], ['/mcp', call], ['/rpc', call], ['/metrics']] as const) {
    const inside = await ask(text, path, { from: '127.0.0.2', ...(body && { body }) })
    const outside = await ask(text, path, { from: '127.0.0.3', ...(body && { body }) })
    expect([path, inside.status, outside.status]).toEqual([path, 200, 403])
    expect(outside.text).toContain('this token is not good for requests from 127.0.0.3')
  }
})

test('a forwarded address is nobody’s word for where a request comes from', async () => {
  const { text } = await token({ ip_restrictions: ['10.0.0.1'] })
  const headers = { authorization: `Bearer ${text}`, 'x-forwarded-for': '10.0.0.1', forwarded: 'for=10.0.0.1' }
  expect((await fetch(`${gateway.url}/v1/tools`, { headers })).status).toBe(403)
})

const day = (ms: number): string => new Date(ms).toLocaleDateString('en-US', { weekday: 'long', timeZone: 'UTC' })

test('a token is good in its hours alone', async () => {
  const [today, tomorrow] = [day(Date.now()), day(Date.now() + 86_400_000)]
  const now = await token({ time_restrictions: { days: [today, tomorrow] } })
  const later = await token({ time_restrictions: { days: [day(Date.now() + 3 * 86_400_000)], timezone: 'Etc/UTC' } })
  expect([
    (await ask(now.text, '/mcp', { body: call })).status,
    (await ask(later.text, '/mcp', { body: call })).status,
  ]).toEqual([200, 403])
  expect((await ask(later.text, '/v1/tools')).text).toContain('from 00:00 to 24:00 (Etc/UTC) only')
  expect(later.view['time_restrictions']).toMatchObject({ start_time: '00:00', end_time: '24:00', timezone: 'Etc/UTC' })
})

/** A zone whose clocks show about `hour` now. */
function zoneAt(hour: number): string {
  const ahead = ((hour - new Date().getUTCHours() + 36) % 24) - 12
  // POSIX names: what is ahead of UTC is minus.
  return ahead === 0 ? 'Etc/UTC' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`
}

test('business hours open and close every door, by the clocks of their zone, and are shown as they were said', async () => {
  const [day, night] = [zoneAt(12), zoneAt(2)].map((timezone) => ({ business_hours_only: true, timezone }))
  const inside = await token({ time_restrictions: day })
  const outside = await token({ time_restrictions: night })
  expect([inside.view['time_restrictions'], outside.view['time_restrictions']]).toEqual([day, night])
  for (const [path, body] of [['/v1/tools'], ['/mcp', call], ['/rpc', call], ['/metrics']] as const) {
    const statuses = [(await ask(inside.text, path, body && { body })).status]
    const refused = await ask(outside.text, path, body && { body })
    expect([path, ...statuses, refused.status]).toEqual([path, 200, 403])
    expect(refused.text).toContain(`from 09:00 to 17:00 (${night?.timezone}) only`)
  }
  const read = await gateway.api('GET', `/v1/tokens/${outside.id}`)
  expect(read.body['time_restrictions']).toEqual(night)
  const back = await gateway.api('PUT', `/v1/tokens/${outside.id}`, { scope: { time_restrictions: night } })
  expect([back.status, back.body['time_restrictions']]).toEqual([200, night])
  const wider = await gateway.api('PUT', `/v1/tokens/${outside.id}`, { scope: { time_restrictions: { days: [] } } })
  expect([wider.status, wider.body['field']]).toEqual([403, 'scope.time_restrictions'])
})

test('weekdays are Monday to Friday; what is false restricts nothing', async () => {
  const weekdays = { weekdays_only: true, timezone: 'Asia/Tokyo' }
  const { text, view } = await token({ time_restrictions: weekdays })
  const today = new Date().toLocaleDateString('en-US', { weekday: 'short', timeZone: 'Asia/Tokyo' })
  expect([view['time_restrictions'], (await ask(text, '/mcp', { body: call })).status]).toEqual([
    weekdays,
    ['Sat', 'Sun'].includes(today) ? 403 : 200,
  ])
  const open = await token({ time_restrictions: { business_hours_only: false, weekdays_only: false } })
  expect([open.view['time_restrictions'], (await ask(open.text, '/mcp', { body: call })).status]).toEqual([{}, 200])
})

test('calls are counted over all workers, and what is used up is refused at every door until the hour ends', async () => {
  const { text, id } = await token({ usage_limits: { requests_per_hour: 20, requests_per_day: 1000 } })
  let answered = 0
  let usedUp = 0
  for (let n = 0; n < 60; n++) {
    const { status } = await ask(text, '/mcp', { body: call })
    if (status === 200) answered++
    else expect(status).toBe(429)
    usedUp = n + 1 - answered
    await sleep(10)
  }
  console.log(`${answered} of 60 calls with a limit of 20 were answered, one after the other over two workers`)
  expect(answered).toBeGreaterThanOrEqual(20)
  // Each worker knows its own calls at once and the other's after a flush and a look: half a second of 30 ms calls.
  expect(answered).toBeLessThanOrEqual(20 + 20)
  await sleep(800)
  for (const [path, body] of [['/v1/tools'], ['/mcp', call], ['/rpc', call]] as const) {
    const refused = await ask(text, path, body && { body })
    expect([path, refused.status, refused.text]).toEqual([
      path,
      429,
      expect.stringContaining('calls of this hour are used up'),
    ])
    expect(Number(refused.retryAfter)).toBeGreaterThan(0)
    expect(Number(refused.retryAfter)).toBeLessThanOrEqual(3_600)
    usedUp++
  }
  const usage = async () => (await gateway.api('GET', `/v1/tokens/${id}/usage?days=1`)).body
  await vi.waitFor(async () => expect(await usage()).toMatchObject({ blocked_requests: usedUp }), { timeout: 10_000 })
  const { top_endpoints: top, ...counted } = await usage()
  expect(counted).toMatchObject({
    period_days: 1,
    total_requests: answered + usedUp,
    successful_requests: answered,
    blocked_requests: usedUp,
    success_rate: Math.round((10_000 * answered) / (answered + usedUp)) / 100,
  })
  expect(new Map(top as [string, number][])).toEqual(
    new Map([
      ['tools/call', answered],
      ['not let in', usedUp],
    ]),
  )
  const shown = await gateway.api('GET', `/v1/tokens/${id}`)
  expect(Date.now() - Date.parse(String(shown.body['last_used']))).toBeLessThan(60_000)
})

test('a token that is spent slowly is answered to its last call and not once more', async () => {
  const { text } = await token({ usage_limits: { requests_per_day: 3 } })
  const seen: number[] = []
  for (let n = 0; n < 5; n++) {
    seen.push((await ask(text, '/mcp', { body: call })).status)
    await sleep(700)
  }
  expect(seen).toEqual([200, 200, 200, 429, 429])
})

test.each([
  [{ ip_restrictions: ['10.0.0'] }, 'scope.ip_restrictions[0]', /neither an IP address nor a range/],
  [{ ip_restrictions: ['10.0.0.1', '10.0.0.0/40'] }, 'scope.ip_restrictions[1]', /10.0.0.0\/40/],
  [{ time_restrictions: { days: ['noday'] } }, 'scope.time_restrictions.days[0]', /there are mon, tue/],
  [{ time_restrictions: { start_time: '9:00' } }, 'scope.time_restrictions.start_time', /no time of day such as 09:00/],
  [
    { time_restrictions: { start_time: '09:00', end_time: '09:00' } },
    'scope.time_restrictions.end_time',
    /same as start_time/,
  ],
  [{ time_restrictions: { timezone: 'Mars/Olympus' } }, 'scope.time_restrictions.timezone', /no time zone/],
  [{ time_restrictions: { weekdays: true } }, 'scope.time_restrictions.weekdays', /./],
  [{ time_restrictions: { weekdays_only: 'yes' } }, 'scope.time_restrictions.weekdays_only', /./],
  [{ time_restrictions: { weekdays_only: true, days: ['mon'] } }, 'scope.time_restrictions.days', /leave it out/],
  [
    { time_restrictions: { business_hours_only: true, end_time: '16:00' } },
    'scope.time_restrictions.end_time',
    /business hours are from 09:00 to 17:00/,
  ],
  [{ usage_limits: { requests_per_hour: 0 } }, 'scope.usage_limits.requests_per_hour', /./],
  [{ usage_limits: { requests_per_minute: 1 } }, 'scope.usage_limits.requests_per_minute', /./],
])('%j is refused by name', async (scope, field, why) => {
  const { status, body } = await gateway.api('POST', '/v1/tokens', { name: 'refused', scope })
  expect([status, body['field']]).toEqual([422, field])
  expect(String(body['detail'])).toMatch(why)
})

test('a token is narrowed further and never widened, and one whose calls are limited makes no others', async () => {
  const { id, text } = await token({ ip_restrictions: ['127.0.0.0/8'] })
  const put = (scope: object) => gateway.api('PUT', `/v1/tokens/${id}`, { scope })
  expect((await put({ ip_restrictions: ['0.0.0.0/0'] })).body).toMatchObject({
    code: 'forbidden',
    field: 'scope.ip_restrictions',
  })
  expect((await put({ usage_limits: { requests_per_day: 100 } })).status).toBe(200)
  expect((await put({ usage_limits: { requests_per_day: 101 } })).body).toMatchObject({ field: 'scope.usage_limits' })
  const kept = await put({ ip_restrictions: ['127.0.0.1'] })
  expect(kept.body).toMatchObject({ ip_restrictions: ['127.0.0.1/32'], usage_limits: { requests_per_day: 100 } })
  await sleep(600)
  const another = await ask(text, '/v1/tokens', { body: { name: 'another' } })
  expect([another.status, another.text]).toEqual([403, expect.stringContaining('makes no others')])
  const narrow = await token({ time_restrictions: { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] } })
  const child = await ask(narrow.text, '/v1/tokens', { body: { name: 'a child', scope: {} } })
  expect(JSON.parse(child.text)).toMatchObject({
    token: { time_restrictions: { start_time: '00:00', end_time: '24:00' } },
  })
  const wider = { name: 'wider', scope: { time_restrictions: { timezone: 'Europe/Berlin' } } }
  expect((await ask(narrow.text, '/v1/tokens', { body: wider })).text).toContain('scope.time_restrictions')
})

test('tokens of a team are for those who look after it, and everybody’s for administrators', async () => {
  const team = (await gateway.api('POST', '/v1/teams', { name: 'spenders' })).body.id
  const person = { email: 'spender@example.com' }
  await gateway.api('POST', '/v1/auth/email/admin/users', person)
  await gateway.api('POST', `/v1/teams/${team}/members`, { ...person, role: 'member' })
  const own = await token({}, { user_email: person.email })
  const byMember = await ask(own.text, `/v1/tokens/teams/${team}`, { body: { name: 'ours' } })
  const { token: ours } = JSON.parse(byMember.text) as { token: { id: string; team_id: string } }
  expect([byMember.status, ours.team_id]).toEqual([201, team])
  const byAdmin = await gateway.api('POST', `/v1/tokens/teams/${team}`, { name: 'theirs' })
  expect(byAdmin.status).toBe(201)
  const idsIn = (text: string): string[] =>
    (JSON.parse(text) as { tokens: { id: string }[] }).tokens.map(({ id }) => id)
  const all = [(byAdmin.body['token'] as { id: string }).id, ours.id]
  expect(idsIn(JSON.stringify((await gateway.api('GET', `/v1/tokens/teams/${team}`)).body))).toEqual(all)
  expect(idsIn((await ask(own.text, `/v1/tokens/teams/${team}`)).text)).toEqual([ours.id])
  const nowhere = await ask((await token({}, { name: 'x' })).text, `/v1/tokens/teams/${'f'.repeat(32)}`)
  expect(nowhere.status).toBe(200)
  expect((await ask(own.text, `/v1/tokens/teams/${'f'.repeat(32)}`)).status).toBe(404)
  const theirs = await gateway.api('GET', `/v1/tokens/admin/all?user_email=${person.email}&limit=1`)
  expect(theirs.body).toMatchObject({ total: 2, limit: 1, offset: 0, tokens: [{ id: ours.id }] })
  expect((await ask(own.text, '/v1/tokens/admin/all')).status).toBe(403)
  const revoke = () => gateway.api('DELETE', `/v1/tokens/admin/${ours.id}`, { reason: 'left' })
  expect([(await revoke()).status, (await revoke()).status]).toEqual([204, 409])
})

test('of a token that is used for REST alone it is known when it was, and what it was not let do', async () => {
  const reader = await token({ permissions: ['tools.read'] })
  const bound = await token({ ip_restrictions: ['127.0.0.2'] })
  expect(reader.view['last_used']).toBeNull()
  const began = Date.now()
  const statuses: number[] = []
  for (const path of ['/v1/tools', '/v1/gateways', '/gateways', `/v1/gateways/${'f'.repeat(32)}`])
    statuses.push((await ask(reader.text, path)).status)
  statuses.push((await ask(reader.text, '/mcp', { body: call })).status)
  statuses.push((await ask(bound.text, '/v1/tools', { from: '127.0.0.3' })).status)
  expect(statuses).toEqual([200, 403, 403, 403, 403, 403])
  const usage = async ({ id }: Token) => (await gateway.api('GET', `/v1/tokens/${id}/usage`)).body
  const expected = { successful_requests: 0, success_rate: 0, total_requests: 4, blocked_requests: 4 }
  await vi.waitFor(async () => expect(await usage(reader)).toMatchObject(expected), { timeout: 10_000, interval: 100 })
  const { top_endpoints: top } = await usage(reader)
  expect(top).toEqual([
    ['GET /gateways', 2],
    ['GET /gateways/{id}', 1],
    ['POST /mcp', 1],
  ])
  await vi.waitFor(async () => expect(await usage(bound)).toMatchObject({ blocked_requests: 1 }), { timeout: 10_000 })
  const { body } = await gateway.api('GET', `/v1/tokens/${reader.id}`)
  expect(Date.parse(String(body['last_used']))).toBeGreaterThanOrEqual(began - 1_000)
  expect((await gateway.api('GET', `/v1/tokens/${bound.id}`)).body['last_used']).toBeNull()
})

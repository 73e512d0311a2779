import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Endpoint } from '#/api/endpoint.ts'
import { operationId } from '#/api/openapi.ts'
import { strictEdge } from '#/api/strict-edge.ts'
import { lenientEdge } from '#/lenience/lenient-edge.ts'
import { Admission } from '#/http/admission.ts'
import { clientsBehind } from '#/access/client-address.ts'
import { UnderWay } from '#/access/under-way.ts'
import { ownPages } from '#/http/own-page.ts'
import { restApp } from '#/http/rest.ts'
import { webAnswers } from '#/http/web-answers.ts'
import { restHarness, type RestHarness } from './harness.ts'

let rest: RestHarness
beforeAll(async () => {
  rest = await restHarness()
})
afterAll(async () => await rest[Symbol.asyncDispose]())

const ID = '0'.repeat(32)

function doors(): readonly { endpoint: Endpoint; method: string; path: string }[] {
  return rest.endpoints.flatMap((endpoint) => {
    const [method = '', path = ''] = endpoint.route.replaceAll(/\{\w+\}/g, ID).split(' ')
    return (endpoint.rootOnly ? [path] : [path, `/v1${path}`]).map((each) => ({ endpoint, method, path: each }))
  })
}

/** There is no identity provider here. */
const NOT_SET_UP: readonly string[] = ['GET /auth/sso/login', 'GET /auth/sso/callback']

test('every route that is not declared public is closed to strangers, before its body is looked at', async () => {
  const before = await rest.counts()
  for (const { endpoint, method, path } of doors()) {
    const raw = method === 'GET' ? {} : { raw: '{"not": json' }
    for (const token of [null, 'unknown']) {
      const answer = await rest.ask(method, path, { ...raw, token })
      if (endpoint.permission === 'public') {
        // What takes a body reads it, a form's is no JSON; what is about the token in hand asks for one itself.
        const unread = endpoint.bodyType === 'form' ? 415 : 400
        const given = endpoint.body !== undefined ? unread : method === 'POST' ? 401 : 200
        const answered = NOT_SET_UP.includes(endpoint.route) ? 404 : given
        expect([endpoint.route, answer.status]).toEqual([endpoint.route, answered])
        continue
      }
      expect([endpoint.route, answer.status, answer.body.code]).toEqual([endpoint.route, 401, 'unauthenticated'])
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    }
    if (endpoint.permission === 'public') continue
    const denied = await rest.ask(method, path, { ...raw, token: 'nothing' })
    expect([endpoint.route, denied.status, denied.body.code]).toEqual([endpoint.route, 403, 'forbidden'])
    expect(denied.body.detail).toContain(endpoint.permission)
    expect(denied.headers.get('www-authenticate')).toBe(
      `Bearer error="insufficient_scope", scope="${endpoint.permission}"`,
    )
  }
  expect(rest.calls).toEqual([])
  expect(rest.upstream.seen).toEqual([])
  expect(await rest.counts()).toEqual(before)
})

describe('a restriction of a token that is not understood is refused, never left out', () => {
  test.each([
    ['under another name', { scopes: { permissions: ['tools.read'] } }, 'scopes'],
    ['beside the scope', { permissions: ['tools.read'] }, 'permissions'],
    ['of the scope', { scope: { permission: ['tools.read'] } }, 'scope.permission'],
    ['of time', { expires_at: '2030-01-01' }, 'expires_at'],
  ])('%s', async (_, restriction, field) => {
    const { status, body } = await rest.ask('POST', '/tokens', { body: { name: 'narrow', ...restriction } })
    expect([status, body.field]).toEqual([422, field])
  })

  test('the spelling does not matter; two values do', async () => {
    const tokens = rest.endpoints.find(({ route }) => route === 'POST /tokens')!
    expect(lenientEdge.body(tokens, { name: 'n', scope: { serverId: 'x' } })).toEqual({
      name: 'n',
      scope: { server_id: 'x' },
    })
    const strange = { name: 'n', scope: { serverId: 'x', Permissions: ['tools.read'] } }
    expect(() => lenientEdge.body(tokens, strange)).toThrow(/^scope\.Permissions: .* did you mean permissions\?$/)
    const raw = '{"name": "n", "scope": {"permissions": ["tools.read"], "permissions": []}}'
    expect((await rest.ask('POST', '/tokens', { raw })).status).toBe(400)
  })
})

test.each(['POST /tokens', 'PUT /tokens/{id}', 'POST /tokens/teams/{team_id}'])(
  'an empty list of permissions at %s, as forms send it, says nothing; the clean form hands it on, to be refused',
  (route) => {
    const endpoint = rest.endpoints.find((each) => each.route === route)!
    const body = { name: 'n', scope: { server_id: null, permissions: [] } }
    expect(lenientEdge.body(endpoint, body)).toEqual({ name: 'n', scope: { server_id: null } })
    expect(strictEdge.body(endpoint, body)).toEqual(body)
    const narrow = { scope: { permissions: ['tools.read'] } }
    expect(lenientEdge.body(endpoint, narrow)).toEqual(narrow)
  },
)

test('every path says which methods it has', async () => {
  const byPath = Map.groupBy(doors(), ({ path }) => path)
  for (const [path, there] of byPath) {
    const has = there.map(({ method }) => method)
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].filter((one) => !has.includes(one))) {
      const answer = await rest.ask(method, path)
      expect([path, method, answer.status, answer.headers.get('allow')]).toEqual([path, method, 405, has.join(', ')])
    }
  }
})

describe('every answer', () => {
  test.each([
    ['/gateways', 'admin', 200],
    ['/gateways', null, 401],
    ['/nothing', 'admin', 404],
    ['/v1/docs', 'admin', 404],
    ['/%', 'admin', 400],
  ])('%s', async (path, token, status) => {
    const answer = await rest.ask('GET', path, { token, headers: { 'x-request-id': 'mine-1' } })
    expect(answer.status).toBe(status)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'x-request-id': 'mine-1',
      'x-correlation-id': 'mine-1',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      vary: 'Origin, Authorization, Cookie',
    })
    if (status === 200) expect(answer.headers.get('cache-control')).toBe('no-store, private')
    else
      expect(answer.body).toMatchObject({ detail: expect.any(String), code: expect.any(String), request_id: 'mine-1' })
  })

  test('a request id that could break a log is replaced', async () => {
    const answer = await rest.ask('GET', '/nothing', { headers: { 'x-request-id': 'a b"c' } })
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/)
  })
})

test('a body for a stranger is not read', async () => {
  const { port } = new URL(rest.url)
  const status = await new Promise((resolve, reject) => {
    const req = request({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/gateways',
      headers: { 'content-length': '1000000' },
    })
    req.on('response', (res) => resolve(res.statusCode))
    req.on('error', reject)
    req.write('{')
  })
  expect(status).toBe(401)
})

test('prototype keys are inert', async () => {
  const raw = '{"name":"p","url":"http://127.0.0.1:9/","__proto__":{"authType":"bearer"},"constructor":{"x":1}}'
  const answer = await rest.ask('POST', '/gateways', { raw })
  expect([answer.status, answer.body.authType]).toEqual([200, null])
  expect(Reflect.get({}, 'authType')).toBeUndefined()
})

test('a route that names no permission is not mounted: the start fails', async () => {
  const endpoint = { ...(rest.endpoints[0] as Endpoint), permission: undefined as never }
  const started = restApp({
    endpoints: [endpoint],
    edge: strictEdge,
    authenticate: () => {
      throw new Error('never asked')
    },
    browserOf: ownPages(null).browserOf,
    web: webAnswers({ publicUrl: null, corsOrigins: [] }),
    admission: new Admission(),
    bodyLimit: 1024,
    again: (principal) => principal,
    underWay: new UnderWay((principal) => principal),
    clients: clientsBehind(null),
    failed: () => {},
  })
  await expect(started).rejects.toThrow(/names no permission/)
})

describe('documents', () => {
  test('openapi.json describes every route once, and is the committed file', async () => {
    const { body } = await rest.ask('GET', '/openapi.json', { token: null })
    const operations = Object.values(body.paths as Record<string, Record<string, { operationId: string }>>).flatMap(
      (path) => Object.values(path).map((operation) => operation.operationId),
    )
    expect(operations.toSorted((a, b) => a.localeCompare(b))).toEqual(
      rest.endpoints.map(operationId).toSorted((a, b) => a.localeCompare(b)),
    )
    expect(new Set(operations).size).toBe(operations.length)
    const committed = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/openapi.json'), 'utf8'))
    expect({ ...body, info: null }).toEqual({ ...committed, info: null })
  })

  test('every reference of openapi.json leads somewhere', async () => {
    const { body, text } = await rest.ask('GET', '/openapi.json', { token: null })
    const names = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name)
    expect(names.length).toBeGreaterThan(50)
    for (const name of names) expect(Object.keys(body.components.schemas)).toContain(name)
  })

  test('/docs has a place for every route and loads nothing', async () => {
    const { text, headers } = await rest.ask('GET', '/docs', { token: null })
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    for (const endpoint of rest.endpoints) {
      expect(text).toContain(`<section id="${operationId(endpoint)}">`)
      expect(text).toContain(`href="#${operationId(endpoint)}"`)
    }
    expect(text).not.toMatch(/<script|<link|<img|src=|@import|url\(/)
  })
})

test('the system says what runs and what its connections do', async () => {
  const version = await rest.ask('GET', '/v1/version')
  expect(version.body).toMatchObject({ app: { name: 'Causeway' }, database: { reachable: true } })
  // So that there are connections besides the one that asks.
  await Promise.all(Array.from({ length: 8 }, () => rest.ask('GET', '/gateways')))
  const { body } = await rest.ask('GET', '/database/activity')
  expect(body.length).toBeGreaterThan(0)
  for (const row of body)
    expect(row).toEqual({
      source: expect.stringMatching(/^[a-z]/),
      state: expect.any(String),
      count: expect.any(Number),
      avgAge: expect.any(Number),
      maxAge: expect.any(Number),
    })
})

test('with the database away, reads and writes say so within a second, and nothing is dialled', async () => {
  await using cut = await restHarness()
  const made = await cut.ask('POST', '/gateways', { body: { name: 'one', url: 'http://127.0.0.1:9/' } })
  const name = new URL(cut.database.url).pathname.slice(1)
  await rest.database.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`)
  await rest.database.sql(`ALTER DATABASE ${name} RENAME TO ${name}_away`)
  const asked = [
    cut.ask('GET', '/gateways'),
    cut.ask('PUT', `/gateways/${made.body.id}`, { body: { description: 'x' } }),
    cut.ask('POST', '/gateways', { body: { name: 'two', url: 'http://127.0.0.1:9/' } }),
  ]
  const began = performance.now()
  for (const answer of await Promise.all(asked)) {
    expect([answer.status, answer.body.code]).toEqual([503, 'unavailable'])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  }
  expect(performance.now() - began).toBeLessThan(1_000)
  expect(cut.upstream.seen).toHaveLength(1)
  await rest.database.sql(`ALTER DATABASE ${name}_away RENAME TO ${name}`)
})

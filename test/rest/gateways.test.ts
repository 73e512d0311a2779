import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { GatewayError } from '#/errors/gateway-error.ts'
import { offered, offeredResource, restHarness, type RestHarness } from './harness.ts'

let rest: RestHarness
beforeAll(async () => {
  rest = await restHarness()
})
afterAll(async () => await rest[Symbol.asyncDispose]())
beforeEach(async () => {
  await rest.database.sql('DELETE FROM gateways; DELETE FROM idempotency_keys')
  rest.upstream.offer = { tools: [offered('get_time'), offered('say hi')], resources: [offeredResource('file:///a')] }
  rest.upstream.fail = null
  rest.upstream.seen = []
})

const URL_A = 'http://127.0.0.1:9/mcp'

describe('create', () => {
  test('stores what the server offers and answers the whole entity', async () => {
    const made = await rest.ask('POST', '/gateways', {
      body: { name: 'Fast Time_Srv', url: URL_A, tags: ['Data Set', 'x'] },
    })
    expect(made.status).toBe(200)
    expect(made.body).toMatchObject({
      name: 'Fast Time_Srv',
      slug: 'fast-time-srv',
      url: URL_A,
      status: 'active',
      reachable: true,
      enabled: true,
      toolCount: 2,
      resourceCount: 1,
      promptCount: 0,
      version: 1,
      visibility: 'public',
      tags: [{ id: 'data-set', label: 'Data Set' }],
      ownerEmail: 'admin@example.com',
      createdVia: 'api',
      era: 'modern',
      capabilities: { tools: { listChanged: true } },
    })
    expect(made.body.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    expect(made.headers.get('etag')).toBe('"1"')
    const names = await rest.database.sql('SELECT name FROM tools ORDER BY name')
    expect(names).toEqual([{ name: 'fast-time-srv-get-time' }, { name: 'fast-time-srv-say-hi' }])
    expect((await rest.ask('GET', `/v1/gateways/${made.body.id}`)).body).toEqual(made.body)
  })

  test('an upstream that does not answer is kept as pending', async () => {
    rest.upstream.fail = new GatewayError('upstream_unreachable', 'connection refused')
    const made = await rest.ask('POST', '/v1/gateways', { body: { name: 'down', url: URL_A } })
    expect(made.status).toBe(200)
    expect(made.body).toMatchObject({
      status: 'pending',
      reachable: false,
      lastError: 'connection refused',
      toolCount: 0,
    })
    expect(new Date(made.body.nextRetryAt).getTime()).toBeGreaterThan(Date.now())
  })

  test('credentials are sealed, sent upstream and never shown', async () => {
    const body = { name: 'secret', url: URL_A, auth_type: 'bearer', auth_token: 's3cr3t-token' }
    const made = await rest.ask('POST', '/gateways', { body })
    expect(rest.upstream.seen).toEqual([{ url: URL_A, headers: { authorization: 'Bearer s3cr3t-token' } }])
    expect(made.body).toMatchObject({ authType: 'bearer', authToken: '*****', authValue: '*****' })
    expect(made.text).not.toContain('s3cr3t')
    const stored = await rest.database.sql<{ all: string }>(
      `SELECT (SELECT json_agg(g)::text FROM gateways g) || (SELECT json_agg(a)::text FROM audit_log a) AS all`,
    )
    expect(stored[0]?.all).not.toContain('s3cr3t')
    const kept = await rest.ask('PUT', `/gateways/${made.body.id}`, { body: { url: `${URL_A}2`, authToken: '*****' } })
    expect(kept.status).toBe(200)
    expect(rest.upstream.seen.at(-1)).toEqual({ url: `${URL_A}2`, headers: { authorization: 'Bearer s3cr3t-token' } })
  })

  test('a narrowed token exports what is declared, and no credentials or roots', async () => {
    await rest.ask('POST', '/gateways', {
      body: { name: 'exported', url: URL_A, authType: 'bearer', authToken: 'sekret' },
    })
    const headers = { 'x-export-secret': 'Zx8L' }
    const whole = await rest.ask('GET', '/export', { headers })
    expect(whole.body.entities.gateways).toMatchObject([{ auth_type: 'bearer', auth_value: expect.any(String) }])
    const narrowed = await rest.ask('GET', '/export?exclude_types=roots', { token: 'exporter' })
    expect(narrowed.body.entities.gateways).toMatchObject([{ auth_type: 'bearer', auth_value: null }])
    for (const asked of ['exclude_types=roots', 'types=gateways'])
      expect((await rest.ask('GET', `/export?${asked}`, { token: 'exporter', headers })).status).toBe(403)
    expect((await rest.ask('GET', '/export', { token: 'exporter' })).status).toBe(403)
  })

  test('a name that is taken is refused before anybody is dialled', async () => {
    await rest.ask('POST', '/gateways', { body: { name: 'Twin', url: URL_A } })
    const before = await rest.counts()
    const again = await rest.ask('POST', '/gateways', { body: { name: 'twin', url: `${URL_A}2` } })
    expect(again.status).toBe(409)
    expect(again.body).toMatchObject({ message: 'Gateway name already exists', code: 'conflict', field: 'name' })
    expect(rest.upstream.seen).toHaveLength(1)
    expect(await rest.counts()).toEqual(before)
  })

  test('of eight at once with one name, one is made', async () => {
    const all = await Promise.all(
      Array.from({ length: 8 }, () => rest.ask('POST', '/gateways', { body: { name: 'race', url: URL_A } })),
    )
    expect(all.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, ...Array<number>(7).fill(409)])
    expect((await rest.counts())['gateways']).toBe(1)
  })

  test('the same Idempotency-Key makes one gateway, for whoever asks how often', async () => {
    const asked = { body: { name: 'once', url: URL_A }, headers: { 'idempotency-key': 'k-1' } }
    const all = await Promise.all(Array.from({ length: 4 }, () => rest.ask('POST', '/gateways', asked)))
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(new Set(all.map(({ body }) => body.id)).size).toBe(1)
    const other = await rest.ask('POST', '/gateways', { ...asked, body: { name: 'other', url: URL_A } })
    expect([other.status, other.body.field]).toEqual([422, 'Idempotency-Key'])
    expect(await rest.counts()).toMatchObject({ gateways: 1, idempotency_keys: 1 })
  })
})

async function made(name = 'one'): Promise<string> {
  return (await rest.ask('POST', '/gateways', { body: { name, url: URL_A } })).body.id as string
}

describe('update, state and delete', () => {
  test('If-Match lets exactly one of many writers through', async () => {
    const id = await made()
    const all = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        rest.ask('PUT', `/gateways/${id}`, { body: { description: `d${i}` }, headers: { 'if-match': '"1"' } }),
      ),
    )
    expect(all.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412, 412, 412, 412, 412])
    const lost = all.find(({ status }) => status === 412)
    expect(lost?.body).toMatchObject({ code: 'precondition_failed', version: 2, current: { id, version: 2 } })
    expect(lost?.headers.get('etag')).toBe('"2"')
  })

  test('If-None-Match answers 304', async () => {
    const id = await made()
    const answer = await rest.ask('GET', `/gateways/${id}`, { headers: { 'if-none-match': '"1"' } })
    expect([answer.status, answer.text]).toEqual([304, ''])
    expect((await rest.ask('GET', `/gateways/${id}`, { headers: { 'if-none-match': '"0"' } })).status).toBe(200)
  })

  test('a renamed gateway renames its tools only when asked', async () => {
    const id = await made()
    await rest.ask('PUT', `/gateways/${id}`, { body: { name: 'two' } })
    const names = async (): Promise<unknown> => await rest.database.sql('SELECT name FROM tools ORDER BY name')
    expect(await names()).toEqual([{ name: 'one-get-time' }, { name: 'one-say-hi' }])
    await rest.ask('PUT', `/gateways/${id}?rename_tools=true`, { body: { name: 'three' } })
    expect(await names()).toEqual([{ name: 'three-get-time' }, { name: 'three-say-hi' }])
  })

  test('writers of different fields at once lose nothing of one another', async () => {
    const id = await made()
    const fields = [{ description: 'D' }, { timeoutMs: 5000 }, { tags: ['t1'] }]
    const all = await Promise.all(fields.map((body) => rest.ask('PUT', `/gateways/${id}`, { body })))
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200])
    const { body } = await rest.ask('GET', `/gateways/${id}`)
    expect(body).toMatchObject({ version: 4, description: 'D', timeoutMs: 5000, tags: [{ id: 't1' }] })
  })

  test('a gateway that is made private takes what it offers along, but for what was set on its own', async () => {
    const id = await made()
    const [own, other] = (await rest.ask('GET', '/tools')).body as { id: string }[]
    await rest.ask('PUT', `/tools/${own?.id}`, { body: { visibility: 'private' } })
    await rest.ask('PUT', `/gateways/${id}`, { body: { visibility: 'private' } })
    expect((await rest.ask('GET', '/tools?visibility=public')).body).toEqual([])
    expect((await rest.ask('GET', '/resources?visibility=private')).body).toHaveLength(1)
    await rest.ask('PUT', `/tools/${other?.id}`, { body: { visibility: 'public' } })
    expect((await rest.ask('GET', '/tools?visibility=private')).body).toMatchObject([{ id: own?.id }])
  })

  test('state answers the entity in snake case', async () => {
    const id = await made()
    const off = await rest.ask('POST', `/gateways/${id}/state?activate=false`)
    expect(off.body).toMatchObject({
      status: 'success',
      message: `Gateway ${id} deactivated`,
      gateway: { id, enabled: false, tool_count: 2, owner_email: 'admin@example.com' },
    })
    expect((await rest.ask('GET', '/gateways')).body).toEqual([])
    expect((await rest.ask('GET', '/gateways?include_inactive=true')).body).toHaveLength(1)
    expect((await rest.ask('POST', `/gateways/${id}/state`)).body.gateway.enabled).toBe(true)
  })

  test('delete takes everything along', async () => {
    const id = await made()
    const gone = await rest.ask('DELETE', `/gateways/${id}`)
    expect([gone.status, gone.body]).toEqual([200, { status: 'success', message: `Gateway ${id} deleted` }])
    expect(await rest.counts()).toMatchObject({ gateways: 0, gateway_states: 0, tools: 0, resources: 0 })
    const again = await rest.ask('DELETE', `/gateways/${id}`)
    expect([again.status, again.body.code]).toEqual([404, 'not_found'])
  })

  test.each(['GET', 'PUT', 'DELETE'])(
    '%s of what does not exist is 404, whatever the form of its id',
    async (method) => {
      for (const id of ['0'.repeat(32), 'nonsense', '01234567-89ab-cdef-0123-456789abcdef']) {
        const answer = await rest.ask(method, `/gateways/${id}`, method === 'PUT' ? { body: {} } : {})
        expect([answer.status, answer.body.code]).toEqual([404, 'not_found'])
      }
    },
  )
})

describe('refresh and test', () => {
  test('a refresh is a diff: names stay, what broke off stays', async () => {
    const { id } = (await rest.ask('POST', '/gateways', { body: { name: 'one', url: URL_A } })).body
    rest.upstream.offer = {
      tools: [offered('say hi', { description: 'other' }), offered('new')],
      resources: null,
      prompts: [offered('ask')],
    }
    const answer = await rest.ask('POST', `/gateways/${id}/tools/refresh`)
    expect(answer.body).toMatchObject({
      gatewayId: id,
      success: true,
      error: null,
      toolsAdded: 1,
      toolsUpdated: 1,
      toolsRemoved: 1,
      resourcesRemoved: 0,
      promptsAdded: 1,
    })
    expect(await rest.database.sql('SELECT name, version FROM tools ORDER BY name')).toEqual([
      { name: 'one-new', version: 1 },
      { name: 'one-say-hi', version: 2 },
    ])
    expect(await rest.counts()).toMatchObject({ resources: 1, prompts: 1 })
  })

  test('an upstream that is away deletes nothing', async () => {
    const { id } = (await rest.ask('POST', '/gateways', { body: { name: 'one', url: URL_A } })).body
    rest.upstream.fail = new GatewayError('upstream_timeout', 'no answer')
    const answer = await rest.ask('POST', `/gateways/${id}/tools/refresh`)
    expect(answer.body).toMatchObject({ success: false, error: 'no answer', toolsRemoved: 0 })
    expect((await rest.counts())['tools']).toBe(2)
  })

  test('a test says what was found and stores nothing', async () => {
    const { id } = (await rest.ask('POST', '/gateways', { body: { name: 'one', url: URL_A } })).body
    const before = await rest.counts()
    rest.upstream.offer = { tools: [], resources: null }
    const answer = await rest.ask('POST', `/gateways/${id}/test`)
    expect(answer.body).toMatchObject({
      success: true,
      era: 'modern',
      protocolVersion: '2026-07-28',
      evidence: 'server/discover answered',
      found: { tools: 0, resources: null },
    })
    expect(await rest.counts()).toEqual(before)
  })
})

describe('list', () => {
  test('pages from new to old, in both forms, without a gap or a double', async () => {
    const names = Array.from({ length: 7 }, (_, i) => `g${i}`)
    for (const name of names) await rest.ask('POST', '/gateways', { body: { name, url: URL_A } })
    const bare = await rest.ask('GET', '/v1/gateways/?limit=3')
    expect(bare.body.map((g: { name: string }) => g.name)).toEqual(['g6', 'g5', 'g4'])
    const walked: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await rest.ask('GET', `/gateways?limit=3&include_pagination=true&cursor=${cursor}`)
      walked.push(...page.body.gateways.map((g: { name: string }) => g.name))
      cursor = page.body.nextCursor as string | null
    }
    expect(walked).toEqual(names.toReversed())
    expect((await rest.ask('GET', '/gateways?limit=0')).body).toHaveLength(7)
  })

  test('a cursor is for whom it was made', async () => {
    for (const name of ['a', 'b']) await rest.ask('POST', '/gateways', { body: { name, url: URL_A } })
    const page = await rest.ask('GET', '/gateways?limit=1&include_pagination=true')
    const answer = await rest.ask('GET', `/gateways?cursor=${page.body.nextCursor}`, { token: 'reader' })
    expect([answer.status, answer.body.field]).toEqual([422, 'cursor'])
  })

  test.each(['limit=-1', 'limit=x', 'visibility=secret', 'include_inactive=maybe', 'cursor=garbage'])(
    '%s',
    async (query) => {
      const answer = await rest.ask('GET', `/gateways?${query}`)
      expect([answer.status, answer.body.field]).toEqual([422, query.split('=')[0]])
    },
  )
})

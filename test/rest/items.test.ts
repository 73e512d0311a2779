import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { offered, offeredResource, restHarness, type RestHarness } from './harness.ts'

let rest: RestHarness
let gatewayId = ''
beforeAll(async () => {
  rest = await restHarness()
})
afterAll(async () => await rest[Symbol.asyncDispose]())
beforeEach(async () => {
  await rest.database.sql('DELETE FROM gateways; DELETE FROM servers')
  rest.upstream.offer = {
    tools: [
      offered('get_time', { inputSchema: { type: 'object', properties: { n: { maximum: 1 } } } }),
      offered('say hi'),
    ],
    prompts: [offered('ask', { arguments: [{ name: 'q', required: true }] })],
    resources: [offeredResource('file:///a', { size: 3 })],
    templates: [offeredResource('file:///{x}')],
  }
  rest.calls.length = 0
  const made = await rest.ask('POST', '/gateways', { body: { name: 'one', url: 'http://127.0.0.1:9/' } })
  gatewayId = made.body.id
})

async function first(noun: string): Promise<{ id: string; name: string; version: number }> {
  return (await rest.ask('GET', `/${noun}`)).body.at(-1)
}

test('a tool has every field in its order', async () => {
  const { body } = await rest.ask('GET', `/v1/tools?gateway_id=${gatewayId}&limit=1`)
  expect(Object.keys(body[0])).toEqual(
    `id originalName url description originalDescription title requestType integrationType headers inputSchema outputSchema annotations
    extensionMetadata jsonpathFilter auth createdAt updatedAt enabled deprecated reachable gatewayId grpcServiceId executionCount metrics
    name displayName gatewaySlug customName customNameSlug tags createdBy createdFromIp createdVia createdUserAgent modifiedBy
    modifiedFromIp modifiedVia modifiedUserAgent importBatchId federationSource version teamId team ownerEmail visibility baseUrl
    pathTemplate queryMapping headerMapping timeoutMs exposePassthrough allowlist pluginChainPre pluginChainPost _meta`.split(
      /\s+/,
    ),
  )
})

test('a tool keeps what its server said and what it came from', async () => {
  const all = await rest.ask('GET', '/tools')
  const tool = all.body.find((one: { originalName: string }) => one.originalName === 'get_time')
  expect(tool).toMatchObject({
    name: 'one-get-time',
    displayName: 'Get Time',
    customName: 'get_time',
    customNameSlug: 'get-time',
    gatewaySlug: 'one',
    integrationType: 'MCP',
    federationSource: 'one',
    createdVia: 'federation',
    reachable: true,
    inputSchema: { type: 'object', properties: { n: { maximum: 1 } } },
  })
})

describe.each(['tools', 'prompts', 'resources'])('%s', (noun) => {
  const info = noun === 'tools' ? '' : '/info'

  test('update, If-Match, If-None-Match, state and delete', async () => {
    const { id } = await first(noun)
    const path = `/${noun}/${id}`
    const changed = await rest.ask('PUT', path, {
      body: { title: 'T', description: 'D', tags: ['a b'] },
      headers: { 'if-match': '"1"' },
    })
    expect(changed.body).toMatchObject({
      title: 'T',
      description: 'D',
      tags: [{ id: 'a-b', label: 'a b' }],
      version: 2,
      modifiedBy: 'admin@example.com',
    })
    const lost = await rest.ask('PUT', path, { body: { title: 'X' }, headers: { 'if-match': '"1"' } })
    expect([lost.status, lost.body.version, lost.body.current.title, lost.headers.get('etag')]).toEqual([
      412,
      2,
      'T',
      '"2"',
    ])
    expect((await rest.ask('GET', path + info, { headers: { 'if-none-match': '"2"' } })).status).toBe(304)
    const back = await rest.ask('PUT', path, { body: { description: null } })
    expect(back.body.description).not.toBe('D')
    const off = await rest.ask('POST', `${path}/state?activate=false`)
    expect(off.body).toMatchObject({ status: 'success', [noun.slice(0, -1)]: { id, enabled: false } })
    expect((await rest.ask('GET', `/${noun}?tags=a-b`)).body).toEqual([])
    expect((await rest.ask('GET', `/${noun}?tags=a-b&include_inactive=1`)).body).toHaveLength(1)
    expect((await rest.ask('DELETE', path)).body.status).toBe('success')
    expect((await rest.ask('DELETE', path)).status).toBe(404)
    expect((await rest.ask('PUT', path, { body: {} })).status).toBe(404)
  })

  test('what was changed here outlives a re-discovery', async () => {
    const { id } = await first(noun)
    await rest.ask('PUT', `/${noun}/${id}`, { body: { title: 'Mine' } })
    await rest.ask('POST', `/gateways/${gatewayId}/tools/refresh`)
    expect((await rest.ask('GET', `/${noun}/${id}${info}`)).body.title).toBe('Mine')
  })
})

test('customName renames, and never onto a name that is taken', async () => {
  const list = (await rest.ask('GET', '/tools')).body as { id: string; originalName: string }[]
  const id = list.find(({ originalName }) => originalName === 'get_time')?.id
  const renamed = await rest.ask('PUT', `/tools/${id}`, { body: { custom_name: 'Clock' } })
  expect(renamed.body).toMatchObject({ name: 'one-clock', customName: 'Clock', originalName: 'get_time' })
  const taken = await rest.ask('PUT', `/tools/${id}`, { body: { customName: 'say hi' } })
  expect([taken.status, taken.body.field]).toEqual([409, 'customName'])
  await rest.ask('POST', `/gateways/${gatewayId}/tools/refresh`)
  expect((await rest.ask('GET', `/tools/${id}`)).body.name).toBe('one-clock')
})

describe('operations that reach a backend', () => {
  const RAW = '{"n":9007199254740993,  "contents":[{"uri":"file:///a","mimeType":"text/plain","text":"é"}]}'

  test('arguments go out and results come back byte for byte', async () => {
    const { id } = await first('tools')
    const raw = '{ "arguments" : {"big": 9007199254740993, "t":"\\u00e9"} , "other": 1}'
    const answer = await rest.ask('POST', `/tools/${id}/call`, { raw })
    expect(answer.text).toBe(RAW)
    expect(rest.calls).toEqual([`${id} {"big": 9007199254740993, "t":"\\u00e9"}`])
  })

  test('a prompt by id or name', async () => {
    const { id, name } = await first('prompts')
    expect((await rest.ask('POST', `/prompts/${id}`, { body: { q: 'why' } })).text).toBe(RAW)
    expect((await rest.ask('GET', `/prompts/${name}`)).status).toBe(200)
    expect(rest.calls).toEqual([`${id} {"q":"why"}`, `${name} `])
    const bad = await rest.ask('POST', `/prompts/${id}`, { body: { q: 7 } })
    expect([bad.status, bad.body.field, bad.body.message]).toEqual([422, 'q', bad.body.detail])
  })

  test('a resource as content, in both forms', async () => {
    const { id } = await first('resources')
    expect((await rest.ask('GET', `/resources/${id}/content`)).text).toBe(RAW)
    expect((await rest.ask('GET', `/resources/${id}`)).body).toEqual({
      type: 'resource',
      id,
      uri: 'file:///a',
      mime_type: 'text/plain',
      text: 'é',
      blob: null,
    })
  })

  test('arguments must be an object, and an id an id', async () => {
    const { id } = await first('tools')
    const wrong = await rest.ask('POST', `/tools/${id}/call`, { body: { arguments: [1] } })
    expect([wrong.status, wrong.body.field]).toEqual([422, 'arguments'])
    expect((await rest.ask('POST', '/tools/nonsense/call', { body: {} })).status).toBe(404)
    expect(rest.calls).toEqual([])
  })
})

test('templates have a list of their own', async () => {
  const { body } = await rest.ask('GET', '/resources/templates/list')
  expect(body).toMatchObject({ _meta: {}, next_cursor: null, resource_templates: [{ uriTemplate: 'file:///{x}' }] })
  expect((await rest.ask('GET', '/resources')).body).toHaveLength(1)
})

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
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
  const made = await rest.ask('POST', '/gateways', { body: { name: 'one', url: 'http://127.0.0.1:9/' } })
  gatewayId = made.body.id
})

async function ids(noun: string): Promise<string[]> {
  return ((await rest.ask('GET', `/${noun}`)).body as { id: string }[]).map(({ id }) => id)
}

test('wrapped or flat, camel or snake, with an id of its own', async () => {
  const [tool, other] = await ids('tools')
  const wrapped = await rest.ask('POST', '/servers', {
    body: {
      server: {
        id: '0123abcd-0123-4123-8123-0123456789ab',
        name: 'A',
        associated_tools: `${tool}, ${other}`,
        visibility: 'private',
      },
      visibility: 'public',
      team_id: null,
    },
  })
  expect(wrapped.status).toBe(201)
  expect(wrapped.body).toMatchObject({
    id: '0123abcd0123412381230123456789ab',
    name: 'A',
    visibility: 'public',
    associatedToolIds: [tool, other],
    associatedA2aAgents: [],
  })
  const flat = await rest.ask('POST', '/v1/servers', {
    body: {
      name: 'B',
      associatedTools: [tool],
      associatedPrompts: await ids('prompts'),
      associatedResources: await ids('resources'),
      associatedToolOverrides: { [tool ?? '']: { name: 'now', description: 'What time is it' } },
    },
  })
  expect(flat.body).toMatchObject({
    associatedTools: ['now'],
    associatedToolOverrides: { [tool ?? '']: { name: 'now', description: 'What time is it' } },
  })
  expect((await rest.ask('GET', `/servers/${flat.body.id}/tools`)).body).toHaveLength(1)
  expect((await rest.ask('GET', `/servers/${flat.body.id}/prompts`)).body).toHaveLength(1)
  expect((await rest.ask('GET', `/servers/${flat.body.id}/resources`)).body).toHaveLength(1)
  expect((await rest.ask('GET', `/servers/${'0'.repeat(32)}/tools`)).body).toEqual([])
})

test('update replaces what is given and keeps the rest', async () => {
  const [tool, other] = await ids('tools')
  const { id } = (await rest.ask('POST', '/servers', { body: { name: 'A', associatedTools: [tool, other] } })).body
  const named = await rest.ask('PUT', `/servers/${id}`, {
    body: { associatedToolOverrides: { [tool ?? '']: { name: 'x' } } },
  })
  expect(named.body).toMatchObject({
    version: 2,
    associatedToolIds: [tool, other],
    associatedToolOverrides: { [tool ?? '']: { name: 'x' } },
  })
  const fewer = await rest.ask('PUT', `/servers/${id}`, { body: { associated_tools: [tool] } })
  expect(fewer.body).toMatchObject({ associatedTools: ['x'] })
  const none = await rest.ask('PUT', `/servers/${id}`, { body: { associatedTools: [] } })
  expect(none.body).toMatchObject({ associatedTools: [], name: 'A' })
  const off = await rest.ask('POST', `/servers/${id}/state?activate=false`)
  expect(off.body).toMatchObject({ id, enabled: false })
  expect((await rest.ask('DELETE', `/servers/${id}`)).body.message).toBe(`Server ${id} deleted successfully`)
  expect((await rest.ask('GET', `/servers/${id}`)).status).toBe(404)
})

test('two writers of one selection both get through, one after the other', async () => {
  const [tool, other] = await ids('tools')
  const { id } = (await rest.ask('POST', '/servers', { body: { name: 'A' } })).body
  const both = await Promise.all(
    [tool, other].map((one) => rest.ask('PUT', `/servers/${id}`, { body: { associatedTools: [one] } })),
  )
  expect(both.map(({ status }) => status)).toEqual([200, 200])
  expect((await rest.ask('GET', `/servers/${id}`)).body).toMatchObject({ version: 3 })
})

test.each([
  ['no name', {}, 422, 'name'],
  ['an id that is none', { name: 'A', id: 'x' }, 422, 'id'],
  ['an unknown tool', { name: 'A', associatedTools: ['0'.repeat(32)] }, 422, 'associatedTools'],
  ['a tool id that is none', { name: 'A', associatedTools: ['x'] }, 422, 'associatedTools'],
  [
    'an override of nothing',
    { name: 'A', associatedToolOverrides: { ['0'.repeat(32)]: { name: 'x' } } },
    422,
    'associatedToolOverrides',
  ],
  ['an icon that is no URL', { name: 'A', icon: 'javascript:alert(1)' }, 422, 'icon'],
])('%s', async (_, body, status, field) => {
  const before = await rest.counts()
  const answer = await rest.ask('POST', '/servers', { body })
  expect([answer.status, answer.body.field]).toEqual([status, field])
  expect(await rest.counts()).toEqual(before)
})

test('a name or an id that is taken', async () => {
  const [tool, other] = await ids('tools')
  const { id } = (await rest.ask('POST', '/servers', { body: { name: 'A' } })).body
  const before = await rest.counts()
  const name = await rest.ask('POST', '/servers', { body: { name: 'a', associatedTools: [tool] } })
  expect([name.status, name.body.detail, name.body.field]).toEqual([
    409,
    'Public Server already exists with name: a',
    'name',
  ])
  const again = await rest.ask('POST', '/servers', { body: { name: 'B', id } })
  expect([again.status, again.body.message, again.body.field]).toEqual([
    409,
    'A server with this ID already exists',
    'id',
  ])
  const twins = { [tool ?? '']: { name: 'x' }, [other ?? '']: { name: 'x' } }
  const same = await rest.ask('POST', '/servers', {
    body: { name: 'C', associatedTools: [tool, other], associatedToolOverrides: twins },
  })
  expect([same.status, same.body.field]).toEqual([422, 'associatedToolOverrides'])
  expect(await rest.counts()).toEqual(before)
})

test('the same Idempotency-Key makes one server', async () => {
  const asked = { body: { name: 'once' }, headers: { 'idempotency-key': 'server-1' } }
  const all = await Promise.all(Array.from({ length: 4 }, () => rest.ask('POST', '/servers', asked)))
  expect(all.map(({ status }) => status)).toEqual([201, 201, 201, 201])
  expect(new Set(all.map(({ body }) => body.id)).size).toBe(1)
})

test('a server forgets what its gateway no longer offers, and says so to the catalog', async () => {
  const offered = { prompt: await ids('prompts'), resource: await ids('resources'), tool: await ids('tools') }
  const body = { name: 'A', associatedTools: offered.tool.slice(0, 1) }
  const { id } = (await rest.ask('POST', '/servers', { body })).body
  rest.upstream.offer = { tools: [] }
  await rest.ask('POST', `/gateways/${gatewayId}/tools/refresh`)
  expect((await rest.ask('GET', `/servers/${id}`)).body.associatedToolIds).toEqual([])
  const last = await rest.database.sql('SELECT kind, id FROM changes WHERE seq = (SELECT max(seq) FROM changes)')
  const gone = Object.entries(offered).flatMap(([kind, named]) => named.map((item) => ({ kind, id: item })))
  const changes = [{ kind: 'gateway', id: gatewayId }, { kind: 'server', id }, ...gone]
  expect(last).toEqual(expect.arrayContaining(changes))
  // The few are named, so that nobody waits for the rest of a large gateway to be read again.
  expect(last.map(({ kind }) => kind)).not.toContain('gateway_items')
})

test('what a server offers is answered like that of none to whoever does not see it', async () => {
  const made = await rest.ask('POST', '/servers', {
    body: {
      server: {
        name: 'hidden',
        associated_tools: await ids('tools'),
        associated_prompts: await ids('prompts'),
        associated_resources: await ids('resources'),
      },
      visibility: 'private',
    },
  })
  expect(made.status).toBe(201)
  for (const noun of ['tools', 'prompts', 'resources']) {
    const list = (id: string, token: string) => rest.ask('GET', `/servers/${id}/${noun}`, { token })
    expect((await list(made.body.id, 'admin')).body).not.toEqual([])
    const hidden = await list(made.body.id, 'public')
    const none = await list('f'.repeat(32), 'public')
    expect([hidden.status, hidden.text]).toEqual([none.status, none.text])
  }
})

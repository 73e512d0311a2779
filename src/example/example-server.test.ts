import { expect, test } from 'vitest'
import { ExampleServer } from './example-server.ts'
import { checkedArguments } from './arguments.ts'
import { ToolFault, type Json } from './tool.ts'

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
}

function talk() {
  const said: Json[] = []
  const server = new ExampleServer('1.2.3', (message) => said.push(message))
  let id = 0
  const ask = async (method: string, params: Json = {}, meta?: Json): Promise<Json> => {
    const own = ++id
    await server.receive({ jsonrpc: '2.0', id: own, method, params: meta ? { ...params, _meta: meta } : params })
    return said.find((message) => message['id'] === own) ?? {}
  }
  const call = (name: string, args: Json, meta?: Json) => ask('tools/call', { name, arguments: args }, meta)
  return { said, server, ask, call }
}

test('the same lists in both generations; modern ones say who and how long', async () => {
  const { ask } = talk()
  const old = (await ask('tools/list'))['result'] as { tools: { name: string; description: string }[] }
  const young = (await ask('tools/list', {}, META))['result'] as Json
  expect(young['tools']).toEqual(old.tools)
  expect(young).toMatchObject({ resultType: 'complete', ttlMs: 0, cacheScope: 'private' })
  expect(old).not.toHaveProperty('resultType')
  for (const tool of old.tools) expect(tool.description.length).toBeGreaterThan(20)
  expect(await ask('initialize', { protocolVersion: '2025-06-18' })).toMatchObject({
    result: { protocolVersion: '2025-06-18', serverInfo: { version: '1.2.3' } },
  })
  expect(await ask('server/discover', {}, META)).toMatchObject({ result: { supportedVersions: ['2026-07-28'] } })
})

test.each([
  ['ping', META, -32601],
  ['server/discover', undefined, -32601],
  ['tools/list', { ...META, 'io.modelcontextprotocol/protocolVersion': '2099-01-01' }, -32022],
  ['tools/list', { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }, -32602],
])('%s that does not fit its generation', async (method, meta, code) => {
  expect(await talk().ask(method, {}, meta)).toMatchObject({ error: { code } })
})

test.each([
  ['convert-units', { value: 0, from: 'celsius', to: 'fahrenheit' }, { value: 32, unit: 'fahrenheit' }],
  ['convert-units', { value: 1, from: 'mile', to: 'km' }, { value: 1.609344 }],
  [
    'convert-time',
    { moment: '2026-07-01T12:00:00Z', zone: 'europe/vienna' },
    { local: '2026-07-01 14:00:00', offset: 'GMT+02:00' },
  ],
  [
    'text-statistics',
    { text: 'To be, or not to be.\nThat is it 👩‍👩‍👧' },
    {
      words: 9,
      sentences: 2,
      lines: 2,
      characters: 33,
      frequent: expect.arrayContaining([{ word: 'to', count: 2 }]) as unknown,
    },
  ],
])('%s %j', async (name, args, structuredContent) => {
  expect(await talk().call(name, args)).toMatchObject({ result: { structuredContent } })
})

test.each([
  ['current-time', { zone: 'vienna' }, /did you mean Europe\/Vienna/],
  ['convert-time', { moment: 'noon', zone: 'UTC' }, /with an offset/],
  ['convert-units', { value: 'x', from: 'km' }, /value must be a number; to is missing/],
  ['bar-chart', { values: [1, -1] }, /values must be at least 0/],
  ['bar-chart', { values: [] }, /at least 1/],
  ['remove-note', { id: 9 }, /there is no note 9/],
  ['add-note', { titel: 'x' }, /no argument 'titel': it takes title, text; title is missing/],
])('a mistake is told in the result: %s %j', async (name, args, text) => {
  expect(await talk().call(name, args)).toMatchObject({
    result: { isError: true, content: [{ text: expect.stringMatching(text) as string }] },
  })
})

test('notes are tools, resources and an embedded part of a prompt, and a change is told to who listens', async () => {
  const { said, server, ask, call } = talk()
  await server.receive({ jsonrpc: '2.0', method: 'notifications/initialized' })
  void ask('subscriptions/listen', { notifications: { resourcesListChanged: true } }, META)
  await call('add-note', { title: 'Milk' })
  expect(said.filter(({ method }) => method === 'notifications/resources/list_changed')).toHaveLength(2)
  expect(await ask('resources/read', { uri: 'example://notes/1' })).toMatchObject({
    result: { contents: [{ text: 'Milk\n\n' }] },
  })
  expect(await ask('prompts/get', { name: 'summarise-notes' })).toMatchObject({
    result: { messages: [{ content: { type: 'resource' } }, {}] },
  })
  expect(await ask('resources/read', { uri: 'example://notes/2' })).toMatchObject({ error: { code: -32002 } })
  expect(await ask('resources/read', { uri: 'example://notes/2' }, META)).toMatchObject({ error: { code: -32602 } })
  server.close()
})

test('the countdown tells how far it is, and a cancelled one says nothing more', async () => {
  const { said, server, call } = talk()
  await call('countdown', { from: 3, interval: 0 }, { ...META, progressToken: 'p' })
  expect(said.filter(({ method }) => method === 'notifications/progress')).toHaveLength(3)
  expect(said.filter(({ method }) => method === 'notifications/message')).toEqual([])
  const long = call('countdown', { from: 600 })
  await server.receive({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 2 } })
  await long
  expect(said.filter(({ id }) => id === 2)).toEqual([])
})

test('defaults are filled in', () => {
  const schema = { type: 'object', properties: { a: { type: 'integer', default: 5 }, b: { type: 'boolean' } } } as const
  expect(checkedArguments(schema, {})).toEqual({ a: 5 })
  expect(() => checkedArguments(schema, { a: 1.5, b: 'x' })).toThrow(ToolFault)
})

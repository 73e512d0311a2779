import { once } from 'node:events'
import { expect, test } from 'vitest'
import { freePort } from '../support/child-server.ts'
import { listen } from '../support/listen.ts'
import { bridged, INITIALIZE, json, META, opens, type Answer } from './bridged.ts'

const CALL = '{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"t"}}'
const LIST = '{"jsonrpc":"2.0","id":7,"method":"tools/list"}'
const EVENTS = { 'content-type': 'text/event-stream' }
const answerTo = (id: unknown, result = '{}'): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`

test('bytes go both ways as they are: big integers, unknown members, any spelling; one message is one line', async () => {
  const odd = '{"jsonrpc":"2.0",\r\n "id":"a", "result":{"n":12345678901234567890123,\n"x":"\\u00e9 é","x-own":[1.0]}}'
  await using bridge = await bridged((_asked, response) => json(response, odd))
  const call =
    '{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"t","arguments":{"n":1.50,"big":98765432109876543210}},"x":1}'
  bridge.write(call)
  expect(await bridge.line()).toBe(odd.replaceAll('\n', ' ').replaceAll('\r', ' '))
  expect(bridge.asked[0]).toMatchObject({ body: call, headers: { authorization: 'Bearer secret' } })
})

test('what a stream says arrives in order, and the answers of parallel calls do not mix', async () => {
  const answer: Answer = ({ message }, response) => {
    response.writeHead(200, EVENTS)
    for (const n of [1, 2])
      response.write(`: alive\n\ndata: {"jsonrpc":"2.0","method":"notifications/progress","params":{"n":${n}}}\n\n`)
    response.end(`event: message\ndata: {"jsonrpc":"2.0",\ndata: "id":${JSON.stringify(message.id)},"result":{}}\n\n`)
  }
  await using bridge = await bridged(answer)
  bridge.write(CALL)
  const lines = [await bridge.line(), await bridge.line(), await bridge.line()]
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({ params: { n: 1 } }),
    expect.objectContaining({ params: { n: 2 } }),
    { jsonrpc: '2.0', id: 'a', result: {} },
  ])
  for (let n = 0; n < 50; n++) bridge.write(LIST.replace('7', String(n)))
  const answers = new Set<unknown>()
  for (let n = 0; n < 150; n++) {
    const { id } = JSON.parse(await bridge.line()) as { id?: unknown }
    if (id !== undefined) answers.add(id)
  }
  expect(answers.size).toBe(50)
})

test('a session is kept, and opened again when the gateway has forgotten it, with what it had been told', async () => {
  let session = 'one'
  await using bridge = await bridged((asked, response) => {
    if (opens(asked, response, session)) return
    const lost = asked.headers['mcp-session-id'] !== session
    if (lost) json(response, '{"jsonrpc":"2.0","error":{"code":-32005,"message":"gone"}}', { status: 404 })
    else json(response, answerTo(asked.message.id))
  })
  bridge.write(INITIALIZE)
  await bridge.line()
  bridge.write('{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"error"}}')
  await bridge.line()
  session = 'two'
  bridge.write(CALL, LIST, CALL.replace('"a"', '"b"'))
  const ids = [await bridge.line(), await bridge.line(), await bridge.line()].map(
    (line) => (JSON.parse(line) as { id: unknown }).id,
  )
  expect(new Set(ids)).toEqual(new Set(['a', 7, 'b']))
  const again = bridge.asked.filter(({ message }) => message.method === 'initialize')
  expect(again).toHaveLength(2)
  const told = bridge.asked.filter(
    ({ message, headers }) => message.method === 'logging/setLevel' && headers['mcp-session-id'] === 'two',
  )
  expect(told).toHaveLength(1)
  expect(bridge.asked.at(-1)?.headers['mcp-protocol-version']).toBe('2025-06-18')
  await bridge.end()
  expect(bridge.asked.at(-1)).toMatchObject({ method: 'DELETE', headers: { 'mcp-session-id': 'two' } })
})

test('a connection that breaks: what changes nothing is asked again, a call is told that it may have run', async () => {
  let broken = 0
  await using bridge = await bridged(({ message }, response) => {
    if (message.method === 'tools/list' && broken++ > 0) json(response, answerTo(message.id))
    else response.destroy()
  })
  bridge.write(CALL)
  expect(JSON.parse(await bridge.line())).toMatchObject({ id: 'a', error: { message: /it may have been carried out/ } })
  bridge.write(LIST)
  expect(await bridge.line()).toBe(answerTo(7))
})

test('an answer that breaks off in the middle ends its line, and an error follows', async () => {
  await using bridge = await bridged((_asked, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write(`{"jsonrpc":"2.0","id":"a","result":{"text":"${'x'.repeat(600_000)}`, () => response.destroy())
  })
  bridge.write(CALL)
  expect((await bridge.line()).startsWith('{"jsonrpc":"2.0","id":"a","result"')).toBe(true)
  expect(JSON.parse(await bridge.line())).toMatchObject({ id: 'a', error: { code: -32013 } })
  expect(bridge.rest()).toEqual([])
})

test.each([
  ['no JSON', 'hello', '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,'],
  ['a batch', '[]', '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,'],
  [
    'a request with an id and no version',
    '{"id":5,"method":"ping"}',
    '{"jsonrpc":"2.0","id":5,"error":{"code":-32600,',
  ],
])('a line that is no message is answered, and nothing is sent: %s', async (_name, line, answer) => {
  await using bridge = await bridged(() => {})
  bridge.write('', line)
  expect(await bridge.line()).toContain(answer)
  expect(bridge.asked).toEqual([])
})

test.each([
  [401, 'no', /does not accept the token/],
  [404, '<html>', /is it a Causeway gateway/],
  [429, '{"jsonrpc":"2.0","id":null,"error":{"code":-32010,"message":"later"}}', /later/],
])('a refusal with status %i reaches the client under its own id', async (status, body, message) => {
  await using bridge = await bridged((_asked, response) => json(response, body, { status }))
  bridge.write(CALL)
  expect(JSON.parse(await bridge.line())).toMatchObject({ id: 'a', error: { message } })
})

test('a gateway that is not there is waited for, and a clear error comes once that has been long enough', async () => {
  const origin = `http://127.0.0.1:${await freePort()}`
  await using bridge = await bridged(() => {}, { origin, patienceMs: 300 })
  bridge.write(INITIALIZE)
  expect(JSON.parse(await bridge.line())).toMatchObject({
    id: 0,
    error: { message: /cannot be reached.*causeway serve/ },
  })
})

test('a gateway that comes while the client waits answers as if it had been there', async () => {
  const port = await freePort()
  await using bridge = await bridged(() => {}, { origin: `http://127.0.0.1:${port}`, patienceMs: 20_000 })
  bridge.write(INITIALIZE, LIST)
  await new Promise((resolve) => setTimeout(resolve, 200))
  await using _late = await listen((_request, response) => json(response, answerTo(7)), port)
  expect(await bridge.line()).toBe(answerTo(7))
})

test('modern: the head repeats what the body says, and to cancel closes the stream', async () => {
  const closed = Promise.withResolvers<void>()
  await using bridge = await bridged(({ message }, response) => {
    if (message.method === 'server/discover') return json(response, answerTo(message.id))
    response.writeHead(200, EVENTS).flushHeaders()
    response.once('close', () => closed.resolve())
  })
  bridge.write(`{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{${META}}}`)
  await bridge.line()
  bridge.write(`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"naïve",${META}}}`)
  await expect.poll(() => bridge.asked.length).toBe(2)
  bridge.write('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}')
  await closed.promise
  expect(bridge.asked[1]?.headers).toMatchObject({
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': '=?base64?bmHDr3Zl?=',
  })
  expect(bridge.asked).toHaveLength(2)
  await bridge.end()
  expect(bridge.rest()).toEqual([])
})

test('modern: a tool that mirrors arguments in the head is looked up once it refuses', async () => {
  const schema = '{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}}'
  await using bridge = await bridged(({ message, headers }, response) => {
    if (message.method === 'tools/list')
      return json(response, answerTo(message.id, `{"tools":[{"name":"t","inputSchema":${schema}}]}`))
    if (headers['mcp-param-region'] === 'eu') return json(response, answerTo(message.id))
    json(response, '{"jsonrpc":"2.0","id":2,"error":{"code":-32020,"message":"Header mismatch"}}', { status: 400 })
  })
  const call = (id: number) =>
    `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"t","arguments":{"region":"eu"},${META}}}`
  bridge.write(call(2))
  expect(await bridge.line()).toBe(answerTo(2))
  bridge.write(call(3))
  expect(await bridge.line()).toBe(answerTo(3))
  expect(bridge.asked.map(({ message }) => message.method)).toEqual([
    'tools/call',
    'tools/list',
    'tools/call',
    'tools/call',
  ])
})

test('what the server says by itself comes over the stream that it offers, and the client’s answer goes back', async () => {
  await using bridge = await bridged((asked, response) => {
    if (asked.method !== 'GET') {
      if (!opens(asked, response, 's')) json(response, answerTo(asked.message.id))
      return
    }
    response.writeHead(200, EVENTS)
    response.write('id: 5\ndata: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n')
    response.write('data: {"jsonrpc":"2.0","id":1,"method":"roots/list"}\n\n')
  })
  bridge.write(INITIALIZE)
  await bridge.line()
  expect(await bridge.line()).toContain('list_changed')
  expect(await bridge.line()).toContain('roots/list')
  const roots = answerTo(1, '{"roots":[]}')
  bridge.write(roots)
  await expect.poll(() => bridge.asked.at(-1)?.body).toBe(roots)
  expect(bridge.asked.at(-1)?.headers['mcp-session-id']).toBe('s')
})

test('a subscription does not keep the bridge once the input has ended', async () => {
  await using bridge = await bridged((_asked, response) => response.writeHead(200, EVENTS).flushHeaders(), {
    drainMs: 60_000,
  })
  bridge.write(`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{${META}}}`)
  await expect.poll(() => bridge.asked.length).toBe(1)
  await bridge.end()
  expect(bridge.rest()).toEqual([])
})

test('a client that does not read holds up the gateway, not our memory', async () => {
  const size = 48 << 20
  const piece = Buffer.alloc(64 << 10, 'x')
  let sent = 0
  await using bridge = await bridged(async (_asked, response) => {
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .write('{"jsonrpc":"2.0","id":"a","result":{"text":"')
    for (; sent < size; sent += piece.length) if (!response.write(piece)) await once(response, 'drain')
    response.end('"}}')
  })
  bridge.reads(false)
  bridge.write(CALL)
  let before = -1
  await expect.poll(() => before === (before = sent) && sent > 0, { timeout: 10_000, interval: 300 }).toBe(true)
  expect(sent).toBeLessThan(size / 3)
  bridge.reads(true)
  expect((await bridge.line()).length).toBe(size + '{"jsonrpc":"2.0","id":"a","result":{"text":""}}'.length)
})

test('once the input ends, calls under way are answered, and those that take too long are given up', async () => {
  const answer: Answer = ({ message }, response) => {
    if (message.id === 'a') setTimeout(() => json(response, answerTo('a')), 100)
  }
  await using bridge = await bridged(answer, { drainMs: 500 })
  bridge.write(CALL, CALL.replace('"a"', '"never"'))
  await bridge.end()
  expect(bridge.rest()).toEqual([answerTo('a')])
})

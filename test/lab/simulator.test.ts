import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSimulator, type Simulator } from '../../bench/lab/simulator/simulator.ts'
import { openRawClient, messagesOf, type Era } from '../support/raw-client.ts'

let simulator: Simulator
beforeAll(async () => {
  simulator = await startSimulator({ tools: 7 })
})
afterAll(async () => {
  await simulator?.[Symbol.asyncDispose]()
})

const ERAS = ['legacy', 'modern'] as const
const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
const at = (era: string, name = 'one'): string => `${simulator.url}/${era}/${name}/mcp`
const callOf = (args: object) => ({
  method: 'tools/call',
  name: 'wait',
  members: `"name":"wait","arguments":${JSON.stringify(args)}`,
})

interface Said {
  readonly canary: string
  readonly tookMs: number
}

function readText(text: string): Said & { readonly padding: number } {
  const [first = '', rest = ''] = text.split('\n')
  return { ...(JSON.parse(first) as Said), padding: rest.length }
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 200) throw new Error(`not within 2 s: ${what}`)
    await sleep(10)
  }
}

async function modern(method: string, params: object, signal?: AbortSignal): Promise<Response> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  return await fetch(at('modern'), {
    method: 'POST',
    headers: { ...HEADERS, 'mcp-protocol-version': '2026-07-28', 'mcp-method': method },
    body: JSON.stringify({ jsonrpc: '2.0', id: 's', method, params: { ...params, _meta } }),
    ...(signal && { signal }),
  })
}

async function openSession(name: string): Promise<Record<string, string>> {
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })
  const answer = await fetch(at('legacy', name), { method: 'POST', headers: HEADERS, body })
  expect(await answer.json()).toMatchObject({ result: { protocolVersion: '2025-06-18' } })
  return { ...HEADERS, 'mcp-session-id': answer.headers.get('mcp-session-id') ?? '' }
}

describe.each(ERAS)('%s', (era: Era) => {
  const open = () => openRawClient({ url: at(era), era })

  test('a tool, a prompt and a resource wait and say for how long, with the canary', async () => {
    using client = await open()
    const args = { ms: 60, canary: 'mine', bytes: 300 }
    const prompt = {
      method: 'prompts/get',
      name: 'wait',
      members: `"name":"wait","arguments":{"ms":"60","canary":"mine"}`,
    }
    const uri = 'lab://one/wait/60/mine'
    const read = { method: 'resources/read', name: uri, members: `"uri":"${uri}"` }
    const texts = { [JSON.stringify(callOf(args))]: 300, [JSON.stringify(prompt)]: 0, [JSON.stringify(read)]: 0 }
    for (const [request, padding] of Object.entries(texts)) {
      const began = performance.now()
      const answer = await client.call(JSON.parse(request) as ReturnType<typeof callOf>)
      const total = performance.now() - began
      const text = /"text":("(?:[^"\\]|\\.)*")/.exec(answer.body.toString())?.[1] ?? '""'
      const said = readText(JSON.parse(text) as string)
      expect(said).toMatchObject({ canary: 'mine', padding })
      expect(said.tookMs).toBeGreaterThan(55)
      expect(said.tookMs).toBeLessThan(total)
    }
  })

  test('the list is as long as it was asked to be', async () => {
    for (const [query, length] of [
      ['', 7],
      ['?tools=40', 40],
    ] as const) {
      using client = await openRawClient({ url: at(era) + query, era })
      const { result } = JSON.parse((await client.call({ method: 'tools/list' })).body.toString()) as {
        result: { tools: { name: string }[]; resultType?: string }
      }
      expect(result.tools).toHaveLength(length)
      expect(result.tools[0]?.name).toBe('wait')
      expect(result.resultType).toBe(era === 'modern' ? 'complete' : undefined)
    }
  })

  test('a streamed answer has its progress before its result', async () => {
    using client = await open()
    const members = `"name":"wait","arguments":{"ms":90,"canary":"s","progress":3}`
    const answer = await client.call({ method: 'tools/call', name: 'wait', members, meta: '"progressToken":"p"' })
    const messages = messagesOf(answer).map((message) => JSON.parse(message.toString()) as Record<string, unknown>)
    expect(messages.map((message) => (message['params'] as { progress?: number } | undefined)?.progress)).toEqual([
      1,
      2,
      3,
      undefined,
    ])
    expect(messages.at(-1)).toHaveProperty('result')
  })

  const FAILURES = {
    error: (answer) => expect(answer).toMatch(/^200 whole.*"error"/),
    'tool-error': (answer) => expect(answer).toMatch(/^200 whole.*"isError":true/),
    'bad-json': (answer) => expect(answer).toMatch(/^200 whole.*,,\]$/),
    'half-body': (answer) => expect(answer).toMatch(/^200 cut/),
    reset: (answer) => expect(answer).toMatch(/ECONNRESET|socket hang up/),
    hang: (answer) => expect(answer).toBe('waits'),
  } as const satisfies Record<string, (answer: string) => void>
  test.each(Object.entries(FAILURES))('asked to fail: %s', async (fail, check) => {
    using client = await open()
    const calling = client.call(callOf({ ms: 5, canary: 'f', fail })).then(
      ({ status, whole, body }) => `${status} ${whole ? 'whole' : 'cut'} ${body.toString().replaceAll('\n', ' ')}`,
      (error: Error) => String(error),
    )
    check(await Promise.race([calling, sleep(300, 'waits')]))
  })

  test('what is asked wrongly is told what is wrong', async () => {
    using client = await open()
    const wrong = { ms: [-1], fail: ['explode'], canary: [4] }
    for (const [name, [value]] of Object.entries(wrong)) {
      const answer = (await client.call(callOf({ ms: 0, canary: 'w', [name]: value }))).body.toString()
      expect(answer).toContain('-32602')
      expect(answer).toContain(`${name} must be`)
    }
  })
})

test('whoever goes away is counted, and waits no more', async () => {
  const before = simulator.counters.cancelled
  const going = new AbortController()
  const asked = modern('resources/read', { uri: 'lab://one/wait/60000/x' }, going.signal)
  // Refused for its missing Mcp-Name, so it waits for nothing.
  expect((await asked).status).toBe(400)
  const headers = { ...HEADERS, ...(await openSession('gone')) }
  const call = {
    jsonrpc: '2.0',
    id: 7,
    method: 'tools/call',
    params: { name: 'wait', arguments: { ms: 60_000, canary: '' } },
  }
  const sent = (body: object, signal?: AbortSignal) =>
    fetch(at('legacy', 'gone'), { method: 'POST', headers, body: JSON.stringify(body), ...(signal && { signal }) })
  const left = sent(call, going.signal).catch(() => 'left')
  await until('it waits', () => simulator.counters.inFlight > 0)
  going.abort()
  expect(await left).toBe('left')
  await until('it is counted', () => simulator.counters.cancelled === before + 1)
  const taken = sent({ ...call, id: 8 }).catch(() => 'taken back')
  await until('it waits', () => simulator.counters.inFlight > 0)
  await sent({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 8 } })
  expect(await taken).toBe('taken back')
  await until('it is counted', () => simulator.counters.cancelled === before + 2)
})

test('a session is known until it is ended, by its own server', async () => {
  const headers = await openSession('kept')
  const ping = (url: string) =>
    fetch(url, { method: 'POST', headers, body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' })
  expect((await ping(at('legacy', 'kept'))).status).toBe(200)
  expect((await ping(at('legacy', 'another'))).status).toBe(404)
  expect((await fetch(at('legacy', 'kept'), { method: 'DELETE', headers })).status).toBe(200)
  expect((await ping(at('legacy', 'kept'))).status).toBe(404)
})

test('streams stay open and tell of changes', async () => {
  const leaving = new AbortController()
  const { signal } = leaving
  const headers = await openSession('one')
  const get = await fetch(at('legacy'), { headers, signal })
  const listen = await modern('subscriptions/listen', { notifications: { toolsListChanged: true } }, signal)
  expect([get.status, listen.status, simulator.counters.openStreams]).toEqual([200, 200, 2])
  expect(await (await fetch(`${simulator.url}/changed/one`, { method: 'POST' })).text()).toContain('2 streams')
  const heard = async (response: Response, all: string): Promise<string> => {
    let text = ''
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString()
      if (text.includes(all)) return text
    }
    return text
  }
  expect(await heard(get, 'resources/list_changed')).toContain('notifications/tools/list_changed')
  const told = await heard(listen, 'tools/list_changed')
  expect(told).toMatch(/subscriptions\/acknowledged[^\n]*"toolsListChanged":true[^\n]*subscriptionId":"s"/)
  expect(told).not.toContain('prompts/list_changed')
  leaving.abort()
  await until('both are gone', () => simulator.counters.openStreams === 0)
})

test('either era at one URL', async () => {
  for (const era of ERAS) {
    using client = await openRawClient({ url: at('either'), era })
    expect((await client.call(callOf({ ms: 0, canary: 'both' }))).body.toString()).toContain('both')
  }
})

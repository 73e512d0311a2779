import { describe, expect, test } from 'vitest'
import { createAnswerRelay } from './answer-relay.ts'
import type { AnswerOutcome, RelayPlan } from './relay.ts'
import type { Revision } from './revision.ts'

const L = '2025-11-25'
const M = '2026-07-28'
const INFO = '{"name":"s","version":"1"}'
const CELLS = [
  [L, L],
  [M, L],
  [L, M],
  [M, M],
] as const

interface Said {
  answer: string
  readonly writes: number[]
  readonly outcomes: AnswerOutcome[]
  readonly notifications: string[]
  readonly asks: (string | undefined)[]
  readonly invalid: string[]
}

function planFor(client: Revision, upstream: Revision, more: Partial<RelayPlan> = {}): RelayPlan {
  return {
    method: 'tools/call',
    clientRevision: client,
    upstreamRevision: upstream,
    clientId: Buffer.from('"c-1"'),
    upstreamId: 7,
    progressToken: undefined,
    logLevel: undefined,
    serverInfo: Buffer.from(INFO),
    ...more,
  }
}

/** Relays messages, each cut at the given offsets. */
function relay(plan: RelayPlan, messages: readonly (string | Buffer)[], cuts: readonly number[] = []): Said {
  const said: Said = { answer: '', writes: [], outcomes: [], notifications: [], asks: [], invalid: [] }
  const written: Buffer[] = []
  const relay = createAnswerRelay(plan, {
    answer: (bytes) => {
      written.push(Buffer.from(bytes))
      said.writes.push(bytes.length)
    },
    answered: (outcome) => said.outcomes.push(outcome),
    notification: (bytes) => said.notifications.push(bytes.toString()),
    needsInput: (frame) => said.asks.push(frame?.method),
    invalid: (why) => said.invalid.push(why),
  })
  for (const message of messages) {
    const bytes = Buffer.from(message)
    let from = 0
    for (const cut of [...cuts, bytes.length]) {
      relay.push(Buffer.from(bytes.subarray(from, cut)))
      from = cut
    }
    relay.endMessage()
  }
  said.answer = Buffer.concat(written).toString()
  return said
}

/** The same outcome wherever the message is cut in two, and with each byte alone. */
function everywhere(plan: RelayPlan, message: string): Said {
  const whole = relay(plan, [message])
  const bytes = Buffer.from(message)
  // A refusal may come after some of the answer, and with the reason that is seen first; not so all else.
  const told = (said: Said): unknown => (said.invalid.length > 0 ? said.invalid.length : { ...said, writes: [] })
  for (let cut = 1; cut < bytes.length; cut++) expect(told(relay(plan, [message], [cut]))).toEqual(told(whole))
  const single = Array.from({ length: bytes.length }, (_, i) => i)
  expect(told(relay(plan, [message], single))).toEqual(told(whole))
  return whole
}

const answer = (result: string): string => `{"jsonrpc":"2.0","id":7,"result":${result}}`
const forClient = (result: string): string => `{"jsonrpc":"2.0","id":"c-1","result":${result}}`

/** What `result` becomes in the cells L→L, M→L, L→M, M→M; null: refused. */
const RESULTS: readonly (readonly [string, string, readonly (string | null)[]])[] = [
  [
    'empty',
    '{}',
    ['{}', `{"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":${INFO}}}`, '{}', null],
  ],
  [
    'complete',
    '{"content":[],"resultType":"complete"}',
    [
      '{"content":[],"resultType":"complete"}',
      `{"content":[],"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":${INFO}}}`,
      '{"content":[]}',
      `{"content":[],"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":${INFO}}}`,
    ],
  ],
  [
    'resultType first',
    '{"resultType":"complete","content":[]}',
    [
      '{"resultType":"complete","content":[]}',
      `{"content":[],"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":${INFO}}}`,
      '{"content":[]}',
      `{"resultType":"complete","content":[],"_meta":{"io.modelcontextprotocol/serverInfo":${INFO}}}`,
    ],
  ],
  [
    'a _meta of its own',
    '{"_meta":{"a":1},"resultType":"complete"}',
    [
      '{"_meta":{"a":1},"resultType":"complete"}',
      `{"_meta":{"a":1,"io.modelcontextprotocol/serverInfo":${INFO}},"resultType":"complete"}`,
      '{"_meta":{"a":1}}',
      `{"_meta":{"a":1,"io.modelcontextprotocol/serverInfo":${INFO}},"resultType":"complete"}`,
    ],
  ],
  [
    'serverInfo of its own, first, last and alone',
    '{"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"x"}}}',
    [
      '{"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"x"}}}',
      '{"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"x"}},"resultType":"complete"}',
      '{"_meta":{}}',
      '{"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"x"}}}',
    ],
  ],
  [
    'structured content that is no object',
    '{"structuredContent":[1,9007199254740993],"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":1,"b":2}}',
    [
      '{"structuredContent":[1,9007199254740993],"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":1,"b":2}}',
      '{"structuredContent":[1,9007199254740993],"_meta":{"io.modelcontextprotocol/serverInfo":1,"b":2},"resultType":"complete"}',
      '{"structuredContent":{"result":[1,9007199254740993]},"_meta":{"b":2}}',
      '{"structuredContent":[1,9007199254740993],"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":1,"b":2}}',
    ],
  ],
  [
    'structured content that is an object, 8-bit text, odd numbers',
    '{"structuredContent":{"é😀":-0.0e+1},"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{}}}',
    [
      '{"structuredContent":{"é😀":-0.0e+1},"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{}}}',
      '{"structuredContent":{"é😀":-0.0e+1},"_meta":{"io.modelcontextprotocol/serverInfo":{}},"resultType":"complete"}',
      '{"structuredContent":{"é😀":-0.0e+1},"_meta":{}}',
      '{"structuredContent":{"é😀":-0.0e+1},"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{}}}',
    ],
  ],
  [
    'a type that an extension made',
    '{"resultType":"task","taskId":"1","_meta":{"io.modelcontextprotocol/serverInfo":{}}}',
    [
      '{"resultType":"task","taskId":"1","_meta":{"io.modelcontextprotocol/serverInfo":{}}}',
      '{"taskId":"1","_meta":{"io.modelcontextprotocol/serverInfo":{}},"resultType":"complete"}',
      null,
      '{"resultType":"task","taskId":"1","_meta":{"io.modelcontextprotocol/serverInfo":{}}}',
    ],
  ],
  ['no object', '[]', [null, null, null, null]],
  ['null', 'null', [null, null, null, null]],
  ['a key twice', '{"resultType":"complete","a":1,"a":2}', [null, null, null, null]],
  ['a key twice but for case', '{"resultType":"complete","ResultType":"input_required"}', [null, null, null, null]],
  ['a key twice in _meta', '{"resultType":"complete","_meta":{"a":1,"\\u0041":2}}', [null, null, null, null]],
]

const text = (size: number): string => `"content":[{"type":"text","text":"${'x'.repeat(size)}"}]`
const chunks = (message: string): number[] =>
  Array.from({ length: Math.ceil(message.length / 16_384) }, (_, i) => i * 16_384)

describe('a result', () => {
  for (const [name, result, expected] of RESULTS) {
    for (const [index, [client, upstream]] of CELLS.entries()) {
      test(`${name}: client ${client}, upstream ${upstream}`, () => {
        const said = everywhere(planFor(client, upstream), answer(result))
        const want = expected[index]
        if (want === null || want === undefined) {
          expect(said.invalid).toHaveLength(1)
          expect(said.answer).toBe('')
        } else {
          expect(said.answer).toBe(forClient(want))
          expect(said.outcomes).toEqual([{ kind: 'result', isError: false, errorCode: undefined }])
        }
      })
    }
  }

  test('white space, order and unknown members stay', () => {
    const odd =
      '\n{ "x" : [ 1 , {"X":1,"x":2} ] ,\t"result" : {\n "content" : [ ] , "isError" : true } , "id" : 7 ,"jsonrpc":"2.0" }\r\n'
    const said = everywhere(planFor(L, L), odd)
    expect(said.answer).toBe(odd.replace(': 7', ': "c-1"'))
    expect(said.outcomes).toEqual([{ kind: 'result', isError: true, errorCode: undefined }])
  })

  test('resources/read: what may be cached is said in the modern era only', () => {
    const read = { method: 'resources/read', serverInfo: undefined }
    const up = everywhere(planFor(M, L, read), answer('{"ttlMs":5,"contents":[],"cacheScope":"public"}'))
    expect(up.answer).toBe(forClient('{"contents":[],"resultType":"complete","ttlMs":0,"cacheScope":"private"}'))
    const same = '{"resultType":"complete","ttlMs":5,"contents":[],"cacheScope":"public"}'
    expect(everywhere(planFor(L, M, read), answer(same)).answer).toBe(forClient('{"contents":[]}'))
    // The server's word is about one principal, so a cache must not give it to another.
    expect(everywhere(planFor(M, M, read), answer(same)).answer).toBe(forClient(same.replace('public', 'private')))
    expect(everywhere(planFor(M, M), answer(same)).answer).toContain('"cacheScope":"public"')
  })

  test.each([
    ['another id', '{"jsonrpc":"2.0","id":8,"result":{}}'],
    ['our id as text', '{"jsonrpc":"2.0","id":"7","result":{}}'],
    ['no id', '{"jsonrpc":"2.0","result":{}}'],
    ['no version', '{"id":7,"result":{}}'],
    ['version 1', '{"jsonrpc":"1.0","id":7,"result":{}}'],
    ['result and error', '{"jsonrpc":"2.0","id":7,"result":{},"error":{"code":1,"message":""}}'],
    ['error and result', '{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":""},"result":{}}'],
    ['result and method', '{"jsonrpc":"2.0","id":7,"result":{},"method":"x"}'],
    ['method and result', '{"jsonrpc":"2.0","method":"x","result":{}}'],
    ['neither', '{"jsonrpc":"2.0","id":7}'],
    ['a batch', '[{"jsonrpc":"2.0","id":7,"result":{}}]'],
    ['an id twice', '{"jsonrpc":"2.0","id":7,"ID":8,"result":{}}'],
    ['half', '{"jsonrpc":"2.0","id":7,"result":{}'],
    ['more', '{"jsonrpc":"2.0","id":7,"result":{}} x'],
    ['not JSON', '<html>'],
  ])('%s is invalid', (_name, message) => {
    const said = everywhere(planFor(L, L), message)
    expect(said.invalid).toHaveLength(1)
    expect(said.outcomes).toEqual([])
  })
})

describe('messages before the answer', () => {
  const done = answer('{"resultType":"complete"}')

  test('a request of the server, and the answer still comes', () => {
    const said = relay(planFor(L, L), ['{"jsonrpc":"2.0","id":7,"method":"ping"}', done])
    expect(said.asks).toEqual(['ping'])
    expect(said.outcomes).toHaveLength(1)
    const roots = '{"jsonrpc":"2.0","id":1,"method":"roots/list","params":{}}'
    expect(everywhere(planFor(L, L), roots).asks).toEqual(['roots/list'])
  })

  test('a notification, an error', () => {
    const odd = '{"jsonrpc":"2.0","method":"x/odd", "params":{"a":{"a":1,"a":2}},"more":1}'
    const failed = '{"jsonrpc":"2.0","id":7,"error":{"code":-32002,"message":"no"}}'
    expect(everywhere(planFor(M, L), odd).notifications).toEqual([odd])
    expect(everywhere(planFor(M, L), failed)).toMatchObject({
      answer: '{"jsonrpc":"2.0","id":"c-1","error":{"code":-32602,"message":"no"}}',
      outcomes: [{ kind: 'error', isError: false, errorCode: -32602 }],
    })
    expect(everywhere(planFor(M, L), failed.replace('-32002', '-32042')).asks).toEqual([undefined])
  })

  test('an event without data is nothing, and nothing follows an answer', () => {
    expect(relay(planFor(L, L), ['', done, done]).outcomes).toHaveLength(1)
  })
})

describe('what is held back', () => {
  const input = '"resultType":"input_required","inputRequests":{}'

  test('a request for input is seen before anything is written, within 64 KiB', () => {
    for (const [client] of CELLS) {
      const said = everywhere(planFor(client, M), answer(`{${input},"content":[]}`))
      expect(said).toMatchObject({ answer: '', asks: [undefined], outcomes: [] })
    }
    const late = answer(`{${text(40_000)},${input}}`)
    expect(relay(planFor(M, M), [late], chunks(late))).toMatchObject({ answer: '', asks: [undefined] })
  })

  test('after 64 KiB it comes too late', () => {
    const late = answer(`{${text(200_000)},${input}}`)
    const said = relay(planFor(M, M), [late], chunks(late))
    expect(said.asks).toEqual([])
    expect(said.invalid).toHaveLength(1)
    expect(said.answer.length).toBeGreaterThan(100_000)
  })

  test('a large result flows as it comes', () => {
    for (const [client, upstream] of CELLS) {
      const message = answer(`{"resultType":"complete",${text(1_000_000)}}`)
      const said = relay(planFor(client, upstream), [message], chunks(message))
      expect(said.outcomes).toHaveLength(1)
      expect(said.writes.length).toBeGreaterThanOrEqual(60)
      expect(Math.max(...said.writes)).toBeLessThan(20_000)
    }
  })

  test('a message that does not say what it is, a notification and an error are bounded', () => {
    const big = 'x'.repeat((1 << 20) + 1)
    for (const message of [
      `{"x":"${big}","result":{}}`,
      `{"method":"x","params":"${big}"}`,
      `{"error":{"data":"${big}"}}`,
    ]) {
      expect(relay(planFor(L, L), [message], chunks(message)).invalid).toHaveLength(1)
    }
  })

  test('white space without end is bounded', () => {
    const message = answer(`{"a":1${' '.repeat(200_000)}}`)
    expect(relay(planFor(L, L), [message], chunks(message)).invalid).toHaveLength(1)
  })
})

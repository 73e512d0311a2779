import { describe, expect, test } from 'vitest'
import { relayError } from './relay-error.ts'
import type { RelayPlan } from './relay.ts'
import type { Revision } from './revision.ts'

const L = '2025-11-25'
const M = '2026-07-28'
const CELLS = [
  [L, L],
  [M, L],
  [L, M],
  [M, M],
] as const

const planFor = (client: Revision, upstream: Revision, method = 'tools/call'): RelayPlan => ({
  method,
  clientRevision: client,
  upstreamRevision: upstream,
  clientId: Buffer.from('"c-1"'),
  upstreamId: 7,
  progressToken: undefined,
  logLevel: undefined,
  serverInfo: undefined,
})

function relayed(text: string, plan: RelayPlan): unknown {
  const error = relayError(Buffer.from(text), plan)
  return error.kind === 'error' ? error.bytes.toString() : error.kind
}

const failure = (code: string): string =>
  `{"error":{"message":"no","code":${code},"data":{"n":9007199254740993}},"jsonrpc":"2.0","id":7}`
const plain = (id: string, code: number): string =>
  `{"jsonrpc":"2.0","id":${id},"error":{"code":${String(code)},"message":"no"}}`

/** code from the upstream → what each cell's client reads: L→L, M→L, L→M, M→M; null: it asks for input. */
const CODES: readonly (readonly [number, readonly (number | null)[]])[] = [
  [-32603, [-32603, -32603, -32603, -32603]],
  [-32602, [-32602, -32602, -32602, -32602]],
  [-32002, [-32002, -32602, -32002, -32602]],
  [-32000, [-32000, -32000, -32000, -32000]],
  [-32019, [-32019, -32019, -32019, -32019]],
  [-32020, [-32020, -32603, -32603, -32603]],
  [-32021, [-32021, -32603, -32603, -32021]],
  [-32022, [-32022, -32603, -32603, -32603]],
  [-32042, [-32042, null, -32603, -32603]],
  [-32099, [-32099, -32603, -32603, -32603]],
  [-32100, [-32100, -32100, -32100, -32100]],
  [17, [17, 17, 17, 17]],
]

describe('the code of an error', () => {
  for (const [code, expected] of CODES) {
    for (const [index, [client, upstream]] of CELLS.entries()) {
      test(`${String(code)}: client ${client}, upstream ${upstream}`, () => {
        const want = expected[index]
        const error = relayError(Buffer.from(failure(String(code))), planFor(client, upstream))
        if (error.kind !== 'error') return expect([error.kind, want]).toEqual(['needs-input', null])
        expect(error.code).toBe(want)
        expect(JSON.parse(error.bytes.toString())).toMatchObject({ jsonrpc: '2.0', id: 'c-1', error: { code: want } })
        if (want === code) expect(error.bytes.toString()).toBe(failure(String(code)).replace('"id":7', '"id":"c-1"'))
      })
    }
  }

  test('of a resource that is not there', () => {
    expect(relayed(plain('7', -32602), planFor(L, M, 'resources/read'))).toBe(plain('"c-1"', -32002))
  })

  test('of URL elicitation, for a client before 2025-11-25', () => {
    expect(relayed(plain('7', -32042), planFor('2025-06-18', L))).toBe(plain('"c-1"', -32603))
  })

  test('what speaks of our own hop is said in our own words', () => {
    for (const code of [-32020, -32021, -32022]) {
      const text = relayed(plain('7', code).replace('"no"', '"Mcp-Name header of gateway"'), planFor(L, M))
      expect(text).not.toContain('Mcp-Name')
      expect(JSON.parse(String(text))).toMatchObject({ id: 'c-1', error: { code: -32603 } })
    }
  })
})

describe('a capability that is missing, from a modern server to a modern client', () => {
  const wants = (required: string): string =>
    `{"jsonrpc":"2.0","id":7,"error":{"code":-32021,"message":"no","data":{"requiredCapabilities":${required}}}}`
  const told = (declared: string, error: string): unknown =>
    relayed(error, { ...planFor(M, M), clientCapabilities: () => Buffer.from(declared) })

  test.each([
    ['{}', '{"sampling":{}}'],
    ['{"sampling":{}}', '{"sampling":{"tools":{}}}'],
    ['{"elicitation":{}}', '{"elicitation":{"url":{}}}'],
    ['{"elicitation":{"url":{}}}', '{"elicitation":{}}'],
    ['{"roots":{}}', '{"toString":{}}'],
    ['{"roots":{}}', '{"roots":{},"sampling":{}}'],
  ])('%s does not declare %s: it is told', (declared, required) => {
    expect(told(declared, wants(required))).toBe(wants(required).replace('"id":7', '"id":"c-1"'))
  })

  test.each([
    ['{"sampling":{"tools":{}}}', '{"sampling":{}}'],
    ['{"elicitation":{}}', '{"elicitation":{"form":{}}}'],
    ['{"elicitation":{"form":{},"url":{}}}', '{"elicitation":{}}'],
    ['{"roots":{"listChanged":true},"sampling":{}}', '{"roots":{}}'],
  ])('%s declares %s: it is we who do not carry it', (declared, required) => {
    expect(told(declared, wants(required))).toBe('needs-input')
  })

  test('without a word on what is missing', () => {
    const error = plain('7', -32021)
    expect(told('{}', error)).toBe(plain('"c-1"', -32021))
    expect(told('{"roots":{}}', error)).toBe('needs-input')
  })
})

describe('no legal error', () => {
  test.each([
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no"}}',
    '{"jsonrpc":"2.0","error":{"code":-32700,"message":"no"}}',
    '{"jsonrpc":"2.0","id":8,"error":{"code":1,"message":"no"}}',
    '{"jsonrpc":"2.0","id":7,"error":{"code":1.5,"message":"no"}}',
    '{"jsonrpc":"2.0","id":7,"error":{"code":"1","message":"no"}}',
    '{"jsonrpc":"2.0","id":7,"error":{"message":"no"}}',
    '{"jsonrpc":"2.0","id":7,"error":"no"}',
    '{"jsonrpc":"1.0","id":7,"error":{"code":1,"message":"no"}}',
    '{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"no"},"method":"x"}',
  ])('%s', (text) => {
    expect(relayed(text, planFor(L, L))).toBe('invalid')
  })

  test('with a code twice', () => {
    const text = '{"jsonrpc":"2.0","id":7,"error":{"code":1,"Code":2,"message":"no"}}'
    expect(() => relayed(text, planFor(L, L))).toThrow(expect.objectContaining({ code: 'ambiguous' }))
  })
})

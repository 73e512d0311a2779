import { describe, expect, test } from 'vitest'
import { ERROR_CODES, type ErrorCode } from '#/errors/codes.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import {
  discoverResult,
  emptyResult,
  errorBody,
  errorCode,
  initializeResult,
  listResult,
  negotiate,
} from './results.ts'

const id = Buffer.from('9007199254740993')
const face = { serverInfo: Buffer.from('{"name":"s"}'), capabilities: Buffer.from('{"tools":{}}') }
const INFO = '"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s"}}'

const text = (pieces: readonly Buffer[]): string => Buffer.concat(pieces).toString()

describe('answers of our own', () => {
  test('initialize', () => {
    expect(initializeResult(id, '2025-06-18', { ...face, instructions: 'a"b' }).toString()).toBe(
      '{"jsonrpc":"2.0","id":9007199254740993,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},' +
        '"serverInfo":{"name":"s"},"instructions":"a\\"b"}}',
    )
  })

  test('server/discover', () => {
    expect(discoverResult(id, face).toString()).toBe(
      `{"jsonrpc":"2.0","id":9007199254740993,"result":{"resultType":"complete",${INFO},"ttlMs":0,"cacheScope":"private",` +
        '"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}}}',
    )
  })

  test('a list', () => {
    const list = { key: 'tools', items: Buffer.from('[{}]'), serverInfo: face.serverInfo } as const
    expect(text(listResult(id, { ...list, era: 'legacy' }))).toBe(
      '{"jsonrpc":"2.0","id":9007199254740993,"result":{"tools":[{}]}}',
    )
    expect(
      text(listResult(id, { ...list, era: 'modern', nextCursor: 'c', cache: { ttlMs: 5, scope: 'public' } })),
    ).toBe(
      `{"jsonrpc":"2.0","id":9007199254740993,"result":{"resultType":"complete",${INFO},"ttlMs":5,"cacheScope":"public",` +
        '"nextCursor":"c","tools":[{}]}}',
    )
  })

  test('nothing to say', () => {
    expect(emptyResult(id, 'legacy', face.serverInfo).toString()).toBe(
      '{"jsonrpc":"2.0","id":9007199254740993,"result":{}}',
    )
    expect(JSON.parse(emptyResult(id, 'modern', face.serverInfo).toString())).toMatchObject({
      result: { resultType: 'complete' },
    })
  })
})

describe('negotiation', () => {
  test.each([
    ['2024-11-05', '2024-11-05'],
    ['2025-03-26', '2025-03-26'],
    ['2025-06-18', '2025-06-18'],
    ['2025-11-25', '2025-11-25'],
    ['2026-07-28', '2025-11-25'],
    ['1999-01-01', '2025-11-25'],
    [undefined, '2025-11-25'],
    [7, '2025-11-25'],
  ])('%s → %s', (asked, agreed) => expect(negotiate(asked)).toBe(agreed))
})

describe('errors of our own', () => {
  test('no code of the modern era reaches a legacy client', () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      const error = new GatewayError(code, 'no')
      expect(errorCode(error, { era: 'modern' })).toBe(ERROR_CODES[code].rpc)
      const legacy = errorCode(error, { era: 'legacy' })
      expect(legacy <= -32020 && legacy >= -32099).toBe(false)
    }
  })

  test('a resource that is not there', () => {
    const error = new GatewayError('not_found', 'no')
    expect(errorCode(error, { era: 'legacy', method: 'resources/read' })).toBe(-32002)
    expect(errorCode(error, { era: 'modern', method: 'resources/read' })).toBe(-32602)
    expect(errorCode(error, { era: 'legacy', method: 'tools/call' })).toBe(-32602)
  })

  test('the body', () => {
    const error = new GatewayError('unsupported_version', 'no', { data: { supported: ['a'] } })
    expect(errorBody(error, { era: 'modern', id }).toString()).toBe(
      '{"jsonrpc":"2.0","id":9007199254740993,"error":{"code":-32022,"message":"no","data":{"supported":["a"]}}}',
    )
    expect(errorBody(new GatewayError('internal', 'secret'), { era: 'legacy' }).toString()).toBe(
      '{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"internal error"}}',
    )
    expect(errorBody(new GatewayError('malformed', 'no'), { era: 'modern' }).toString()).not.toContain('"id"')
  })
})

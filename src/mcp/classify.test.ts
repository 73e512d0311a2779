import { describe, expect, test } from 'vitest'
import { ERROR_CODES } from '#/errors/codes.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { classify, type IncomingHeaders } from './classify.ts'
import type { Frame } from './frame.ts'
import { readFrame } from './read-frame.ts'

const L = '2025-11-25'
const M = '2026-07-28'
const VERSION = 'io.modelcontextprotocol/protocolVersion'
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities'
const LEVEL = 'io.modelcontextprotocol/logLevel'

function frameOf(message: object): Frame {
  const read = readFrame(Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message })))
  if (!read.ok) throw new Error(read.detail)
  return read.frame
}

/** `legacy 2025-11-25`, or the HTTP status and JSON-RPC code of the refusal. */
function outcome(headers: IncomingHeaders, message: object): string {
  try {
    const { era, revision } = classify(headers, frameOf(message))
    return `${era} ${revision}`
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const { mcp, rpc } = ERROR_CODES[error.code]
    return `${String(mcp)} ${String(rpc)}`
  }
}

const meta = (more: object = {}): object => ({ [VERSION]: M, [CAPABILITIES]: {}, ...more })
const call = (more: object = {}, name: unknown = 'echo'): object => ({
  id: 1,
  method: 'tools/call',
  params: { name, _meta: meta(more) },
})
const initialize = { id: 1, method: 'initialize', params: { protocolVersion: L } }
const bare = { id: 1, method: 'tools/list' }
const response = { id: 1, result: {} }
const notification = { method: 'notifications/initialized' }
const modernHeaders = { 'mcp-protocol-version': M, 'mcp-method': 'tools/call', 'mcp-name': 'echo' }

function classified(version: string): unknown {
  return classify({ ...modernHeaders, 'mcp-protocol-version': version }, frameOf(call({ [VERSION]: version })))
}

describe('which era (PROTOCOL.md 1.3)', () => {
  const ROWS: readonly (readonly [string, object, readonly [string, string, string]])[] = [
    ['initialize', initialize, ['legacy 2025-03-26', 'legacy 2025-03-26', '400 -32020']],
    ['a request without an envelope', bare, ['legacy 2025-03-26', `legacy ${L}`, '400 -32602']],
    ['a request with one', call(), ['400 -32020', '400 -32020', `modern ${M}`]],
    ['a response', response, ['legacy 2025-03-26', `legacy ${L}`, 'legacy 2025-03-26']],
    ['a notification without an envelope', notification, ['legacy 2025-03-26', `legacy ${L}`, `modern ${M}`]],
  ]
  for (const [name, message, [absent, legacy, modern]] of ROWS) {
    const rest = { 'mcp-method': 'tools/call', 'mcp-name': 'echo' }
    test(`${name}, no header`, () => expect(outcome(rest, message)).toBe(absent))
    test(`${name}, ${L}`, () => expect(outcome({ ...rest, 'mcp-protocol-version': L }, message)).toBe(legacy))
    test(`${name}, ${M}`, () => expect(outcome({ ...rest, 'mcp-protocol-version': M }, message)).toBe(modern))
  }

  test('the header says which legacy revision', () => {
    expect(outcome({ 'mcp-protocol-version': '2025-06-18' }, bare)).toBe('legacy 2025-06-18')
  })

  test('a version that nobody speaks', () => {
    expect(outcome({ 'mcp-protocol-version': '1900-01-01' }, bare)).toBe('400 -32022')
    expect(outcome({ 'mcp-protocol-version': '1900-01-01' }, initialize)).toBe('legacy 2025-03-26')
    const unknown = call({ [VERSION]: '2099-01-01' })
    expect(outcome({ ...modernHeaders, 'mcp-protocol-version': '2099-01-01' }, unknown)).toBe('400 -32022')
  })

  test('says which versions are spoken', () => {
    expect(() => classified('2099-01-01')).toThrow(
      expect.objectContaining({ data: { supported: [M], requested: '2099-01-01' } }),
    )
    expect(() => classified(L)).toThrow(expect.objectContaining({ data: { supported: [M], requested: L } }))
  })

  test('mirrored headers of a legacy client mean nothing', () => {
    expect(outcome({ 'mcp-method': 'tools/call' }, initialize)).toBe('legacy 2025-03-26')
  })
})

describe('a modern request', () => {
  const ROWS: readonly (readonly [string, IncomingHeaders, object, string])[] = [
    ['is served', modernHeaders, call(), `modern ${M}`],
    ['without Mcp-Method', { ...modernHeaders, 'mcp-method': undefined }, call(), '400 -32020'],
    ['with another Mcp-Method', { ...modernHeaders, 'mcp-method': 'tools/list' }, call(), '400 -32020'],
    ['with Mcp-Method in other case', { ...modernHeaders, 'mcp-method': 'Tools/Call' }, call(), '400 -32020'],
    ['without Mcp-Name', { ...modernHeaders, 'mcp-name': undefined }, call(), '400 -32020'],
    ['with another Mcp-Name', { ...modernHeaders, 'mcp-name': 'other' }, call(), '400 -32020'],
    ['with two Mcp-Name', { ...modernHeaders, 'mcp-name': 'echo, echo' }, call(), '400 -32020'],
    ['with Mcp-Name in base64', { ...modernHeaders, 'mcp-name': '=?base64?ZWNobw==?=' }, call(), `modern ${M}`],
    ['with 8-bit text in base64', { ...modernHeaders, 'mcp-name': '=?base64?w6k=?=' }, call({}, 'é'), `modern ${M}`],
    ['with raw 8-bit text', { ...modernHeaders, 'mcp-name': 'é' }, call({}, 'é'), '400 -32020'],
    ['with bad base64', { ...modernHeaders, 'mcp-name': '=?base64?ZWNo*w==?=' }, call(), '400 -32020'],
    ['with markers in capitals', { ...modernHeaders, 'mcp-name': '=?BASE64?ZWNobw==?=' }, call(), '400 -32020'],
    ['with Mcp-Name but no name', modernHeaders, call({}, null), '400 -32020'],
    ['with neither', { ...modernHeaders, 'mcp-name': undefined }, call({}, null), `modern ${M}`],
    ['without capabilities', modernHeaders, call({ [CAPABILITIES]: undefined }), '400 -32602'],
    ['with capabilities that are no object', modernHeaders, call({ [CAPABILITIES]: [] }), '400 -32602'],
    ['with a version that is no text', modernHeaders, call({ [VERSION]: 1 }), '400 -32602'],
    ['with a log level', modernHeaders, call({ [LEVEL]: 'info' }), `modern ${M}`],
    ['with a bad log level', modernHeaders, call({ [LEVEL]: 'loud' }), '200 -32602'],
    ['with a log level that is no text', modernHeaders, call({ [LEVEL]: 1 }), '200 -32602'],
  ]
  test.each(ROWS)('%s', (_name, headers, message, expected) => {
    expect(outcome(headers, message)).toBe(expected)
  })

  test.each([
    ['prompts/get', { name: 'p' }, 'p'],
    ['resources/read', { uri: 'file:///x' }, 'file:///x'],
  ])('%s names its target', (method, params, target) => {
    const message = { id: 1, method, params: { ...params, _meta: meta() } }
    const headers = { 'mcp-protocol-version': M, 'mcp-method': method }
    expect(outcome({ ...headers, 'mcp-name': target }, message)).toBe(`modern ${M}`)
    expect(outcome({ ...headers, 'mcp-name': 'x' }, message)).toBe('400 -32020')
    expect(outcome(headers, message)).toBe('400 -32020')
  })

  test.each([
    'initialize',
    'ping',
    'logging/setLevel',
    'resources/subscribe',
    'resources/unsubscribe',
    'x/y',
    'toString',
  ])('%s does not exist', (method) => {
    const message = { id: 1, method, params: { _meta: meta() } }
    expect(outcome({ 'mcp-protocol-version': M, 'mcp-method': method }, message)).toBe('404 -32601')
  })

  test('a notification with an envelope needs no mirrors, but no other version', () => {
    const message = { method: 'notifications/cancelled', params: { _meta: meta() } }
    expect(outcome({}, message)).toBe(`modern ${M}`)
    expect(outcome({ 'mcp-protocol-version': L }, message)).toBe('400 -32020')
  })
})

import { describe, expect, test } from 'vitest'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Frame } from './frame.ts'
import { readParamHeaders, type ParamHeader } from './param-headers.ts'
import { checkParamHeaders, paramHeaders } from './param-values.ts'
import { readFrame } from './read-frame.ts'

const object = (properties: object, more: object = {}): object => ({ type: 'object', properties, ...more })
const text = (header: unknown): object => ({ type: 'string', 'x-mcp-header': header })

describe('annotations', () => {
  test('on properties, also nested ones', () => {
    const schema = object({
      region: text('Region'),
      n: { type: 'integer', 'x-mcp-header': 'N', default: { 'x-mcp-header': 'data' } },
      deep: object({ flag: { type: ['boolean', 'null'], 'x-mcp-header': 'Flag' } }),
      'x-mcp-header': { type: 'string' },
    })
    expect(readParamHeaders(schema)).toEqual({
      ok: true,
      headers: [
        { header: 'Region', path: ['region'], type: 'string' },
        { header: 'N', path: ['n'], type: 'integer' },
        { header: 'Flag', path: ['deep', 'flag'], type: 'boolean' },
      ],
    })
  })

  test('none', () => {
    for (const schema of [undefined, null, true, {}, object({ a: { enum: [{ 'x-mcp-header': '' }] } })]) {
      expect(readParamHeaders(schema)).toEqual({ ok: true, headers: [] })
    }
  })

  test.each([
    ['empty', object({ a: text('') })],
    ['no text', object({ a: text(5) })],
    ['a space', object({ a: text('a b') })],
    ['a line end', object({ a: text('a\r\nb') })],
    ['8-bit', object({ a: text('é') })],
    ['twice but for case', object({ a: text('Region'), b: object({ c: text('region') }) })],
    ['a number', object({ a: { type: 'number', 'x-mcp-header': 'A' } })],
    ['an object', object({ a: { type: 'object', 'x-mcp-header': 'A' } })],
    ['no type', object({ a: { 'x-mcp-header': 'A' } })],
    ['two types', object({ a: { type: ['string', 'integer'], 'x-mcp-header': 'A' } })],
    ['the root', { type: 'string', 'x-mcp-header': 'A' }],
    ['items', object({ a: { type: 'array', items: text('A') } })],
    ['items that are tuples', object({ a: { type: 'array', prefixItems: [text('A')] } })],
    ['oneOf', object({ a: { oneOf: [text('A')] } })],
    ['anyOf at the root', { anyOf: [object({ a: text('A') })] }],
    ['not', object({ a: { not: text('A') } })],
    ['if', { if: object({ a: text('A') }) }],
    ['$defs', object({}, { $defs: { a: text('A') } })],
    ['additionalProperties', object({}, { additionalProperties: text('A') })],
    ['patternProperties', object({}, { patternProperties: { '^a': text('A') } })],
  ])('invalid: %s', (_name, schema) => {
    expect(readParamHeaders(schema)).toMatchObject({ ok: false })
  })
})

function frameOf(args: string): Frame {
  const read = readFrame(
    Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":${args}}}`),
  )
  if (!read.ok) throw new Error(read.detail)
  return read.frame
}

const declared = (type: ParamHeader['type'], ...path: string[]): ParamHeader[] => [{ header: 'X', path, type }]

const VALUES: readonly (readonly [string, ParamHeader['type'], string | undefined])[] = [
  ['"us-west1"', 'string', 'us-west1'],
  ['"Hello, 世界"', 'string', '=?base64?SGVsbG8sIOS4lueVjA==?='],
  ['" padded "', 'string', '=?base64?IHBhZGRlZCA=?='],
  ['"line1\\nline2"', 'string', '=?base64?bGluZTEKbGluZTI=?='],
  ['"=?base64?literal?="', 'string', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
  ['""', 'string', '=?base64??='],
  ['42', 'integer', '42'],
  ['-7', 'integer', '-7'],
  ['42.0', 'integer', '42'],
  ['4.2e1', 'integer', '42'],
  ['9007199254740993', 'integer', '9007199254740993'],
  ['true', 'boolean', 'true'],
  ['false', 'boolean', 'false'],
  ['null', 'string', undefined],
  ['{}', 'string', undefined],
  ['[1]', 'string', undefined],
]

describe('values', () => {
  test.each(VALUES)('%s as %s', (json, type, header) => {
    for (const [args, path] of [
      [`{"other":1,"a":${json}}`, ['a']],
      [`{"o":{"a":${json}}}`, ['o', 'a']],
    ] as const) {
      const frame = frameOf(args)
      const headers = paramHeaders(frame, declared(type, ...path))
      expect(headers).toEqual(header === undefined ? {} : { 'Mcp-Param-X': header })
      expect(() => checkParamHeaders({ 'mcp-param-x': header }, frame, declared(type, ...path))).not.toThrow()
    }
  })

  test('absent arguments have none', () => {
    for (const args of ['{}', '[]', '"a"', '{"o":5}']) {
      expect(paramHeaders(frameOf(args), [...declared('string', 'a'), ...declared('string', 'o', 'a')])).toEqual({})
    }
  })

  test.each([
    ['{"a":42}', 'integer', '42.0'],
    ['{"a":42.0}', 'integer', '42'],
    ['{"a":"x"}', 'string', '=?base64?eA==?='],
  ] as const)('%s: %s agrees with %s', (args, type, header) => {
    expect(() => checkParamHeaders({ 'mcp-param-x': header }, frameOf(args), declared(type, 'a'))).not.toThrow()
  })

  test.each([
    ['{"a":"x"}', 'string', undefined],
    ['{"a":"x"}', 'string', 'y'],
    ['{"a":"x"}', 'string', 'X'],
    ['{"a":"x"}', 'string', '=?base64?*?='],
    ['{"a":"é"}', 'string', 'é'],
    ['{"a":null}', 'string', 'x'],
    ['{}', 'string', 'x'],
    ['{"a":42}', 'integer', '43'],
    ['{"a":42}', 'integer', '0x2a'],
    ['{"a":9007199254740993}', 'integer', '9007199254740992'],
    ['{"a":true}', 'boolean', 'True'],
    ['{"a":"1"}', 'string', '1.0'],
  ] as const)('%s: %s does not agree with %s', (args, type, header) => {
    const check = (): void => checkParamHeaders({ 'mcp-param-x': header }, frameOf(args), declared(type, 'a'))
    expect(check).toThrow(expect.objectContaining({ code: 'header_mismatch' }))
  })

  test('arguments that two parsers could read differently are refused', () => {
    expect(() => paramHeaders(frameOf('{"a":"x","A":"y"}'), declared('string', 'a'))).toThrow(GatewayError)
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Frame, Range } from './frame.ts'
import { readFrame } from './read-frame.ts'

function frameOf(text: string): Frame {
  const read = readFrame(Buffer.from(text))
  if (!read.ok) throw new Error(read.detail)
  return read.frame
}

const at = (frame: Frame, range: Range | undefined): string | undefined =>
  range && frame.bytes.toString('utf8', range.start, range.end)

describe('a frame', () => {
  test('says where its parts lie', () => {
    const text =
      ' {"jsonrpc":"2.0", "id" : 9007199254740993 ,"method":"tools\\/call","params" : {"name":"a\\u0062",' +
      '"arguments":{"x":1,"x":2},"_meta":{ "a/b" : [1] ,"progressToken":"t"}}, "more":{}} '
    const frame = frameOf(text)
    expect(frame).toMatchObject({ kind: 'request', method: 'tools/call', name: 'ab', uri: undefined })
    expect(at(frame, frame.id)).toBe('9007199254740993')
    expect(at(frame, frame.params)).toBe(text.slice(text.indexOf('{"name"'), text.indexOf(', "more"')))
    expect(frame.members.map((each) => [each.key, at(frame, each.member), at(frame, each.value)])).toEqual([
      ['name', '"name":"a\\u0062"', '"a\\u0062"'],
      ['arguments', '"arguments":{"x":1,"x":2}', '{"x":1,"x":2}'],
      ['_meta', '"_meta":{ "a/b" : [1] ,"progressToken":"t"}', '{ "a/b" : [1] ,"progressToken":"t"}'],
    ])
    expect(frame.meta?.map((each) => [each.key, at(frame, each.member), at(frame, each.value)])).toEqual([
      ['a/b', '"a/b" : [1]', '[1]'],
      ['progressToken', '"progressToken":"t"', '"t"'],
    ])
  })

  test('of a notification, a response, an error', () => {
    expect(frameOf('{"jsonrpc":"2.0","method":"x"}')).toMatchObject({ kind: 'notification', method: 'x', members: [] })
    expect(frameOf('{"jsonrpc":"2.0","id":"a","result":{}}')).toMatchObject({ kind: 'response', method: '' })
    expect(frameOf('{"jsonrpc":"2.0","id":1,"error":{}}')).toMatchObject({ kind: 'response', params: undefined })
    expect(frameOf('{"jsonrpc":"2.0","id":null,"error":{}}')).toMatchObject({ kind: 'response' })
  })

  test('name and uri only where they are strings', () => {
    const frame = frameOf('{"jsonrpc":"2.0","id":1,"method":"x","params":{"name":5,"uri":"file:///é"}}')
    expect([frame.name, frame.uri]).toEqual([undefined, 'file:///é'])
  })

  test('finds the members of any params', () => {
    const key = fc.string({ unit: 'grapheme' })
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue()), fc.constantFrom('', ' ', '\n\t'), (params, gap) => {
        const folded = new Set(Object.keys(params).map((each) => each.toUpperCase().toLowerCase()))
        fc.pre(folded.size === Object.keys(params).length && typeof (params['_meta'] ?? {}) === 'object')
        const read = readFrame(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'm', params }, null, gap)))
        if (!read.ok) return expect(read.code).toBe('ambiguous')
        const found = read.frame.members.map(
          (each) => [each.key, JSON.parse(at(read.frame, each.value) ?? '')] as const,
        )
        expect(Object.fromEntries(found)).toEqual(JSON.parse(JSON.stringify(params)))
      }),
    )
  })
})

const request = (more: string): string => `{"jsonrpc":"2.0","id":5,"method":"tools/call"${more}}`
const nested = (depth: number): string => request(`,"params":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`)

const REFUSED: readonly (readonly [string, string, string | undefined])[] = [
  ['', 'malformed', undefined],
  ['{"jsonrpc":"2.0"', 'malformed', undefined],
  ['\ufeff{"jsonrpc":"2.0","id":1,"method":"x"}', 'malformed', undefined],
  [request('') + request(''), 'malformed', undefined],
  [nested(1100), 'malformed', undefined],
  [request(',"id":5'), 'ambiguous', undefined],
  [request(',"Id":6'), 'ambiguous', undefined],
  [request(',"METHOD":"x"'), 'ambiguous', undefined],
  [request(',"params":{},"param\u017f":{}'), 'ambiguous', undefined],
  [request(',"params":{"name":"a","name":"b"}'), 'ambiguous', '5'],
  [request(',"params":{"name":"a","n\\u0041me":"b"}'), 'ambiguous', '5'],
  [request(',"params":{"_meta":{"\u212a":1,"k":2}}'), 'ambiguous', '5'],
  ['[]', 'invalid_request', undefined],
  [`[${request('')}]`, 'invalid_request', undefined],
  ['"x"', 'invalid_request', undefined],
  ['null', 'invalid_request', undefined],
  ['{}', 'invalid_request', undefined],
  ['{"id":1,"method":"x"}', 'invalid_request', '1'],
  ['{"jsonrpc":"1.0","id":1,"method":"x"}', 'invalid_request', '1'],
  ['{"jsonrpc":2.0,"id":"a","method":"x"}', 'invalid_request', '"a"'],
  ['{"jsonrpc":"2.0","id":1.0,"method":"x"}', 'invalid_request', undefined],
  ['{"jsonrpc":"2.0","id":1e3,"method":"x"}', 'invalid_request', undefined],
  ['{"jsonrpc":"2.0","id":null,"method":"x"}', 'invalid_request', undefined],
  ['{"jsonrpc":"2.0","id":[1],"method":"x"}', 'invalid_request', undefined],
  ['{"jsonrpc":"2.0","id":true,"method":"x"}', 'invalid_request', undefined],
  ['{"jsonrpc":"2.0","id":1,"method":7}', 'invalid_request', '1'],
  ['{"jsonrpc":"2.0","id":1}', 'invalid_request', '1'],
  ['{"jsonrpc":"2.0","id":1,"method":"x","params":[]}', 'invalid_request', '1'],
  ['{"jsonrpc":"2.0","id":1,"method":"x","params":null}', 'invalid_request', '1'],
  ['{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":[]}}', 'invalid_request', '1'],
  ['{"jsonrpc":"2.0","id":1,"method":"x","result":{}}', 'invalid_request', '1'],
  ['{"jsonrpc":"2.0","id":1,"result":{},"error":{}}', 'invalid_request', '1'],
  ['{"jsonrpc":"2.0","result":{}}', 'invalid_request', undefined],
  ['{"jsonrpc":"2.0","id":null,"result":{}}', 'invalid_request', undefined],
]

describe('what is no message', () => {
  test.each(REFUSED)('%.80s', (text, code, id) => {
    const read = readFrame(Buffer.from(text))
    expect(read).toMatchObject({ ok: false, code })
    if (!read.ok) expect(read.id?.toString()).toBe(id)
  })

  test('bad UTF-8, wherever it lies', () => {
    const bytes = Buffer.from(request(',"params":{"a":{"b":"xx"}}'))
    bytes[bytes.indexOf('xx')] = 0xff
    expect(readFrame(bytes)).toMatchObject({ ok: false, code: 'malformed' })
  })

  test('a batch is told why', () => {
    expect(readFrame(Buffer.from('[]'))).toMatchObject({ detail: expect.stringContaining('2025-06-18') as string })
  })

  test('too many bytes', () => {
    expect(readFrame(Buffer.from(request('')), { maxBytes: 20 })).toMatchObject({ ok: false, code: 'too_large' })
    expect(readFrame(Buffer.from(request('')), { maxBytes: 200 }).ok).toBe(true)
  })

  test('duplicates below the levels that we read pass, deep structures too', () => {
    expect(readFrame(Buffer.from(request(',"params":{"arguments":{"a":1,"A":2,"a":3}},"x":{"y":1,"y":2}'))).ok).toBe(
      true,
    )
    expect(readFrame(Buffer.from(nested(1000))).ok).toBe(true)
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sseClose, sseMessage, sseOpen, ssePiece } from './sse-write.ts'
import { SseReader, type SseEvent } from './sse.ts'

interface Seen extends SseEvent {
  readonly data: string
}

function read(bytes: Buffer, cuts: readonly number[] = []): { readonly events: Seen[]; readonly invalid: string[] } {
  const events: Seen[] = []
  const invalid: string[] = []
  let data: Buffer[] = []
  const reader = new SseReader({
    data: (chunk) => data.push(chunk),
    endEvent: (event) => {
      events.push({ ...event, data: Buffer.concat(data).toString() })
      data = []
    },
    invalid: (why) => invalid.push(why),
  })
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    reader.push(bytes.subarray(from, cut))
    from = cut
  }
  return { events, invalid }
}

const plain = (data: string, more: Partial<SseEvent> = {}): Seen => ({
  event: 'message',
  id: undefined,
  retry: undefined,
  data,
  ...more,
})

const CASES: readonly (readonly [string, string, readonly Seen[]])[] = [
  ['one event', 'event: message\ndata: {"a":1}\n\n', [plain('{"a":1}')]],
  ['CRLF', 'event: x\r\ndata: 1\r\n\r\n', [plain('1', { event: 'x' })]],
  ['CR', 'event: x\rdata: 1\r\rdata: 2\r\r', [plain('1', { event: 'x' }), plain('2')]],
  ['mixed ends', 'data: 1\r\ndata: 2\rdata: 3\n\r\n', [plain('1\n2\n3')]],
  ['no space after the colon', 'data:1\n\n', [plain('1')]],
  ['two spaces', 'data:  1\n\n', [plain(' 1')]],
  ['empty data', 'id: 7\ndata:\n\n', [plain('', { id: '7' })]],
  ['data without a colon', 'data\ndata\n\n', [plain('\n')]],
  ['comments', ': hello\n:\ndata: 1\n: data: 2\n\n', [plain('1')]],
  ['an event without data is none', 'event: x\nid: 1\n\ndata: 2\n\n', [plain('2', { id: '1' })]],
  ['retry', 'retry: 1500\nid: a\ndata: \n\n', [plain('', { id: 'a', retry: 1500 })]],
  ['retry that is no number', 'retry: 15x\ndata: 1\n\n', [plain('1')]],
  ['unknown fields', 'foo: bar\nfoo\ndata: 1\ndatax: 2\n\n', [plain('1')]],
  ['colons in values', 'event: a:b:c\nid: x:y\ndata: z:z\n\n', [plain('z:z', { event: 'a:b:c', id: 'x:y' })]],
  ['a byte order mark', '\ufeffdata: 1\n\n', [plain('1')]],
  ['8-bit text', 'event: é\ndata: €😀\n\n', [plain('€😀', { event: 'é' })]],
  ['half an event at the end', 'data: 1\n\ndata: 2', [plain('1')]],
]

describe('an event stream', () => {
  test.each(CASES)('%s', (_name, text, events) => {
    const bytes = Buffer.from(text)
    const whole = read(bytes)
    expect(whole.invalid).toEqual([])
    expect(whole.events).toEqual(events)
    for (let a = 0; a <= bytes.length; a++) {
      for (let b = a; b <= bytes.length; b++) expect(read(bytes, [a, b]).events).toEqual(events)
    }
  })

  test('a line that never ends is refused, data that is long is not', () => {
    expect(read(Buffer.from(`event: ${'x'.repeat(20_000)}`)).invalid).toHaveLength(1)
    const long = read(Buffer.from(`data: ${'x'.repeat(2_000_000)}\n\n`))
    expect(long.events[0]?.data).toHaveLength(2_000_000)
    expect(long.invalid).toEqual([])
  })
})

describe('what we write is read back', () => {
  test('any JSON, whole or in pieces, printed any way', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('', '  ', '\r\n', '\r'), fc.nat(), (value, space, where) => {
        const json = Buffer.from(`{${space}"v":${space}${JSON.stringify(value)}${space}}`)
        const cut = where % (json.length + 1)
        const pieces = [sseOpen(), ssePiece(json.subarray(0, cut)), ssePiece(json.subarray(cut)), sseClose()]
        const both = Buffer.concat([sseMessage(json), ...pieces])
        expect(read(both).events.map((event) => JSON.parse(event.data) as unknown)).toEqual([
          JSON.parse(json.toString()),
          JSON.parse(json.toString()),
        ])
      }),
    )
  })

  test('line ends between tokens become spaces', () => {
    expect(sseMessage(Buffer.from('{\r\n"a":\n"\\n"\r}')).toString()).toBe('event: message\ndata: {  "a": "\\n" }\n\n')
  })
})

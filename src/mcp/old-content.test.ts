import { describe, expect, test } from 'vitest'
import { createAnswerRelay } from './answer-relay.ts'
import type { Revision } from './revision.ts'

const FIRST = '2024-11-05'
const SECOND = '2025-03-26'
const THIRD = '2025-06-18'

interface Leg {
  readonly client: Revision
  readonly upstream: Revision
  readonly method: string
}

function relayIn(chunks: readonly Buffer[], { client, upstream, method }: Leg): { answer: string; refused: string[] } {
  const written: Buffer[] = []
  const refused: string[] = []
  const plan = {
    method,
    clientRevision: client,
    upstreamRevision: upstream,
    clientId: Buffer.from('7'),
    upstreamId: 7,
    progressToken: undefined,
    logLevel: undefined,
    serverInfo: undefined,
  }
  const relay = createAnswerRelay(plan, {
    answer: (bytes) => written.push(Buffer.from(bytes)),
    answered() {},
    notification() {},
    needsInput: () => refused.push('asks for input'),
    invalid: (why) => refused.push(why),
  })
  for (const chunk of chunks) relay.push(Buffer.from(chunk))
  relay.endMessage()
  return { answer: Buffer.concat(written).toString(), refused }
}

const head = '{"jsonrpc":"2.0","id":7,"result":'

/** The result as the client reads it, the same wherever the message is cut. */
function through(result: string, leg: Leg): string {
  const bytes = Buffer.from(`${head}${result}}`)
  const whole = relayIn([bytes], leg)
  expect(whole.refused).toEqual([])
  for (let cut = 1; cut < bytes.length; cut++)
    expect(relayIn([bytes.subarray(0, cut), bytes.subarray(cut)], leg)).toEqual(whole)
  expect(
    relayIn(
      Array.from(bytes, (byte) => Buffer.of(byte)),
      leg,
    ),
  ).toEqual(whole)
  expect(whole.answer.startsWith(head)).toBe(true)
  return whole.answer.slice(head.length, -1)
}

const AUDIO = '{"type":"audio","data":"UklGRiQA","mimeType":"audio/wav"'
const LINK = '{"uri":"file:///é \\"x\\"","name":"notes","size":5,"type":"resource_link"'
const asNote = (item: string, note: string): string =>
  `${item.replace('"audio"', '"text"').replace('"resource_link"', '"text"')},"text":${JSON.stringify(note)}}`
const AUDIO_NOTE = asNote(AUDIO, '[audio: audio/wav, about 6 bytes]')
const LINK_NOTE = asNote(LINK, '[resource link: notes <file:///é "x">]')

/** One item, and what clients of 2024-11-05, 2025-03-26 and 2025-06-18 read. */
const ITEMS: readonly (readonly [string, string, readonly [string, string, string]])[] = [
  ['audio', `${AUDIO}}`, [AUDIO_NOTE, `${AUDIO}}`, `${AUDIO}}`]],
  ['a link', `${LINK}}`, [LINK_NOTE, LINK_NOTE, `${LINK}}`]],
  [
    'audio that says nothing',
    '{"type":"audio"}',
    [asNote('{"type":"audio"', '[audio: unknown type, no data]'), '{"type":"audio"}', '{"type":"audio"}'],
  ],
  [
    'audio with a text',
    '{"text":"hi", "type":"audio"}',
    ['{"text":"hi", "type":"text"}', '{"text":"hi", "type":"audio"}', '{"text":"hi", "type":"audio"}'],
  ],
  [
    'a link of odd values',
    '{"type":"resource\\u005flink","name":5,"uri":{"uri":"x"}}',
    [
      '{"type":"text","name":5,"uri":{"uri":"x"},"text":"[resource link: no name <no URI>]"}',
      '{"type":"text","name":5,"uri":{"uri":"x"},"text":"[resource link: no name <no URI>]"}',
      '{"type":"resource\\u005flink","name":5,"uri":{"uri":"x"}}',
    ],
  ],
]
const SAME = [
  '{"type":"text","text":"t","annotations":{"type":"audio"},"_meta":{"a":9007199254740993}}',
  '{ "type" : "image" , "data":"AA==" }',
  '{"type":"resource","resource":{"uri":"x:y","type":"audio","text":""}}',
  '{"type":"hologram","data":[{"type":"audio"}]}',
  '{"type":7}',
  '{}',
  '5',
  '[{"type":"audio"}]',
]

describe.each([
  [FIRST, 0],
  [SECOND, 1],
  [THIRD, 2],
] as const)('a client of %s', (client, index) => {
  const call: Leg = { client, upstream: '2025-11-25', method: 'tools/call' }

  test.each(ITEMS)('%s', (_name, item, expected) => {
    expect(through(`{"content":[${item}]}`, call)).toBe(`{"content":[${expected[index]}]}`)
  })

  test.each(SAME)('as it is: %s', (item) => {
    const result = `{"structuredContent":{"type":"audio"}, "content" : [ ${item} , ${item}] ,"isError":false}`
    expect(through(result, call)).toBe(result)
  })

  test('in a prompt', () => {
    const messages = (item: string): string =>
      `{"messages":[{"role":"user","content":${item}},{"content":{"type":"text","text":"x"},"type":"audio"},7]}`
    const leg: Leg = { client, upstream: '2025-11-25', method: 'prompts/get' }
    expect(through(messages(`${LINK}}`), leg)).toBe(messages(index < 2 ? LINK_NOTE : `${LINK}}`))
  })

  test('from a modern server', () => {
    const leg: Leg = { ...call, upstream: '2026-07-28' }
    const given = `{"content":[${AUDIO}}, {"type":"text","text":"x"}],"resultType":"complete","structuredContent":[1]}`
    expect(through(given, leg)).toBe(
      `{"content":[${index < 1 ? AUDIO_NOTE : `${AUDIO}}`}, {"type":"text","text":"x"}],"structuredContent":{"result":[1]}}`,
    )
  })

  test('no list where one should be', () => {
    for (const content of ['{"type":"audio"}', '"audio"', '[]', 'null'])
      expect(through(`{"content":${content}}`, call)).toBe(`{"content":${content}}`)
  })
})

describe('an item', () => {
  const leg: Leg = { client: FIRST, upstream: '2025-11-25', method: 'tools/call' }

  test('that two parsers could read differently is refused where it is read', () => {
    const twice = Buffer.from(`${head}{"content":[{"type":"audio","Type":"text"}]}}`)
    expect(relayIn([twice], leg).refused).toHaveLength(1)
    expect(relayIn([twice], { ...leg, client: '2025-06-18' }).refused).toEqual([])
  })

  test('of any size flows', () => {
    const data = 'A'.repeat(400_000)
    const name = 'n'.repeat(100_000)
    const bytes = Buffer.from(`${head}{"content":[{"type":"audio","data":"${data}"},{"type":"x","name":"${name}"}]}}`)
    const chunks = Array.from({ length: Math.ceil(bytes.length / 8192) }, (_, i) =>
      bytes.subarray(i * 8192, (i + 1) * 8192),
    )
    const { answer, refused } = relayIn(chunks, leg)
    expect(refused).toEqual([])
    const note = '"text":"[audio: unknown type, about 300000 bytes]"'
    const expected = bytes.toString().replace('"audio"', '"text"').replace('"},{', `",${note}},{`)
    expect(answer === expected).toBe(true)
  })
})

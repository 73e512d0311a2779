import { describe, expect, test } from 'vitest'
import { SharedMessages, UNKNOWN_LIMIT } from './sse-messages.ts'

/** What became of each message of a stream, with those ids awaited. */
function heard(awaited: readonly unknown[]) {
  const told: unknown[] = []
  const messages = new SharedMessages({
    answer: (id) => {
      if (!awaited.includes(id)) return void told.push(['nobody', id])
      const chunks: Buffer[] = []
      return {
        bytes: (chunk) => void chunks.push(Buffer.from(chunk)),
        end: () => void told.push([id, Buffer.concat(chunks).toString()]),
        tooLarge: (limit) => void told.push([id, 'too large', limit]),
      }
    },
    other: (message) => void told.push(['other', message['method'], message['id']]),
  })
  const say = (text: string, piece = text.length): void => {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; at += piece) messages.push(bytes.subarray(at, at + piece))
    messages.end(true)
  }
  return { told, say, messages }
}

const BIG = 'x'.repeat(100_000)

describe('whose a message is', () => {
  test.each([
    ['{"jsonrpc":"2.0","id":7,"result":{}}', 7],
    ['{"result":{"id":8,"method":"m"},"id":7}', 7],
    ['{"error":{"code":1},"id":"a","jsonrpc":"2.0"}', 'a'],
    ['{"\\u0069d":7,"result":1e400}', 7],
    [` {"result" : "${BIG}", "jsonrpc":"2.0" ,\n"id" : 7 }\n`, 7],
    [`{"jsonrpc":"2.0","id":7,"result":{"id":9,"text":"${BIG}"}}`, 7],
    [`{"jsonrpc":"2.0","\\u0069d":7,"result":{"text":"${BIG}"}}`, 7],
    [`{"error":{"code":1,"data":["${BIG}"]},"id":7}`, 7],
  ])('%.60s', (text, id) => {
    for (const piece of [text.length, 1000, text.length > 1000 ? 777 : 1]) {
      const { told, say } = heard([7, 'a'])
      say(text, piece)
      say('{"id":7,"result":2}')
      expect(told).toEqual([
        [id, text],
        [7, '{"id":7,"result":2}'],
      ])
    }
  })

  test.each([
    ['{"id":7,"method":"ping"}', [['other', 'ping', 7]]],
    [`{"id":7,"method":"m","params":"${BIG}"}`, [['other', 'm', 7]]],
    ['{"method":"notifications/x"}', [['other', 'notifications/x', undefined]]],
    ['{"id":12,"result":{}}', [['nobody', 12]]],
    [`{"id":12,"result":"${BIG}"}`, [['nobody', 12]]],
    [`{"id":"7","result":"${BIG}"}`, [['nobody', '"7"']]],
    ['{"id":7,', []],
    ['[{"id":7,"result":{}}]', []],
    [`{"id":7,"x":"${BIG}`, []],
    [`{"method":"m","params":"${'x'.repeat(2 << 20)}"}`, []],
  ])('%.60s is no answer that anybody awaits', (text, expected) => {
    const { told, say } = heard([7])
    say(text, 4096)
    expect(told).toEqual(expected)
    say('{"id":7,"result":2}')
    expect(told.at(-1)).toEqual([7, '{"id":7,"result":2}'])
  })
})

test('what an answer says twice is left to its reader to refuse', () => {
  const { told, say } = heard([7])
  say('{"id":7,"result":1,"result":2}')
  expect(told).toEqual([[7, '{"id":7,"result":1,"result":2}']])
})

test('an event that carries no messages is none, and one too large to hold is told to its call', () => {
  const { told, messages, say } = heard([7])
  messages.push(Buffer.from('{"id":7,"result":1}'))
  messages.end(false)
  expect(told).toEqual([])
  say(`{"result":"${'x'.repeat(UNKNOWN_LIMIT + 200_000)}","id":7}`, 65_536)
  say('{"id":7,"result":2}')
  expect(told).toEqual([
    [7, 'too large', UNKNOWN_LIMIT],
    [7, '{"id":7,"result":2}'],
  ])
})

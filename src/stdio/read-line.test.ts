import { describe, expect, test } from 'vitest'
import { idOfCut, readLine } from './read-line.ts'

const read = (text: string) => {
  const line = readLine(Buffer.from(text))
  return line.kind === 'answer' ? { id: line.id, at: text.slice(line.start, line.end) } : line.kind
}

describe('whose an answer is', () => {
  test.each([
    ['id first', '{"jsonrpc":"2.0","id":7,"result":{"id":9}}', 7],
    ['id last', '{"result":{"id":9,"a":[{"id":1}]},"jsonrpc":"2.0","id":12}', 12],
    ['id in the middle', '{"result":{"id":9},"id":12,"jsonrpc":"2.0"}', 12],
    ['with spaces', '  { "jsonrpc" : "2.0" , "result" : {} , "id" : 3 } \r', 3],
    ['an error', '{"jsonrpc":"2.0","id":4,"error":{"code":-1,"message":"no"}}', 4],
    ['unknown members', '{"x":{"id":1},"jsonrpc":"2.0","id":5,"result":{}}', 5],
    ['an escaped key', '{"jsonrpc":"2.0","\\u0069d":6,"result":{}}', 6],
    ['a text that looks like an id', '{"result":"\\",\\"id\\":8}","jsonrpc":"2.0","id":9}', 9],
  ])('%s', (_name, text, id) => expect(read(text)).toEqual({ id, at: String(id) }))

  test.each([
    ['a text id', '{"jsonrpc":"2.0","id":"7","result":{}}', 'junk'],
    ['a number beyond ours', '{"jsonrpc":"2.0","id":12345678901234567890,"result":{}}', 'junk'],
    ['no id', '{"jsonrpc":"2.0","result":{}}', 'junk'],
    ['a request', '{"jsonrpc":"2.0","id":7,"method":"ping"}', 'message'],
    ['a notification', '{"method":"notifications/x","jsonrpc":"2.0"}', 'message'],
    ['words', 'Listening on stdio', 'junk'],
    ['a list', '[1]', 'junk'],
    ['broken', '{"jsonrpc":"2.0","id":7,', 'junk'],
    ['a text', '"{}"', 'junk'],
  ])('%s is none', (_name, text, kind) => expect(read(text)).toBe(kind))
})

test('of a line that was cut, either end may tell', () => {
  expect(idOfCut(Buffer.from('{"jsonrpc":"2.0","id":7,"result":"'), Buffer.from('yyyy"}'))).toBe(7)
  expect(idOfCut(Buffer.from('{"result":"'), Buffer.from('yyy"},"jsonrpc":"2.0","id":8}'))).toBe(8)
  expect(idOfCut(Buffer.from('{"result":"'), Buffer.from('yyyy"}'))).toBeUndefined()
})

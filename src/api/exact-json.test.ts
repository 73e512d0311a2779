import { expect, test } from 'vitest'
import { exactJson } from '#/lib/exact-json.ts'
import { rawMember } from './raw-member.ts'

test.each([
  '{"n":9007199254740993}',
  '{"n":[1.10,-0,1e3,12345678901234567890]}',
  '{"s":"9007199254740993","n":1}',
  '{"deep":{"x":[{"y":0.1}]}}',
])('%s comes back as it was', (text) => {
  expect(JSON.stringify(exactJson(text))).toBe(text)
})

test('one member of an object, byte for byte', () => {
  const body = Buffer.from('{ "a" : {"x": 1.0 , "é":"\\u00e9"} , "b":2}')
  expect(rawMember(body, 'a')?.toString()).toBe('{"x": 1.0 , "é":"\\u00e9"}')
  expect(rawMember(body, 'b')?.toString()).toBe('2')
  expect(rawMember(body, 'c')).toBeUndefined()
  expect(rawMember(Buffer.alloc(0), 'a')).toBeUndefined()
})

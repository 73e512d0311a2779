import { expect, test } from 'vitest'
import { requestFields, responseFields } from './http2-fields.ts'

const target = { scheme: 'https', authority: 'host.test', path: '/mcp?a' } as const

test('header lines become fields; of repeated ones none is lost', () => {
  const fields = 'Accept: a, b\r\nx-two: 1\r\nX-Two: 2: 3\r\nx-empty: \r\nx-odd: é\r\n'
  expect({ ...requestFields(target, { method: 'POST', fields, body: Buffer.from('four') }) }).toEqual({
    ':method': 'POST',
    ':scheme': 'https',
    ':authority': 'host.test',
    ':path': '/mcp?a',
    accept: 'a, b',
    'x-two': ['1', '2: 3'],
    'x-empty': '',
    'x-odd': 'é',
    'content-length': '4',
  })
})

test('fields of an answer are those of HTTP, joined', () => {
  expect([
    ...responseFields({ ':status': '200', 'content-type': 'a/b', 'set-cookie': ['1', '2'], none: undefined }),
  ]).toEqual([
    ['content-type', 'a/b'],
    ['set-cookie', '1, 2'],
  ])
})

import { expect, test } from 'vitest'
import { GatewayError } from '#/errors/gateway-error.ts'
import { bearerIn, bearerOf } from './bearer.ts'

const codeOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof GatewayError) return error.code
    throw error
  }
  return 'none'
}

test.each([
  ['Bearer abc', 'abc'],
  ['bearer abc', 'abc'],
  ['BEARER   a.b-c_d~e+f/g==', 'a.b-c_d~e+f/g=='],
])('%j carries %s', (value, token) => expect(bearerIn(value)).toBe(token))

test.each([
  '',
  'Bearer',
  'Bearer ',
  'Basic YTpi',
  'Bearerabc',
  'Bearer a b',
  'Bearer a,b',
  'Bearer =a',
  'Bearer\tabc',
  ' Bearer abc',
  'Bearer abc ',
  'Bearer tökèn',
  'Bearer abc\u0000',
  `Bearer ${'a'.repeat(9000)}`,
])('%j is no credential', (value) => expect(codeOf(() => bearerIn(value))).toBe('unauthenticated'))

test('the header is found in any case, among others', () => {
  expect(bearerOf(['Host', 'x', 'AUTHORIZATION', 'Bearer abc', 'Accept', '*/*'])).toBe('abc')
})

test('a value that looks like the name is not the name', () => {
  expect(codeOf(() => bearerOf(['X-Any', 'authorization', 'Authorizatiom', 'Bearer abc']))).toBe('unauthenticated')
})

test('without the header the client learns that one is needed', () => {
  expect(() => bearerOf([])).toThrow('Authorization token required')
})

test('two headers are refused, even two that are equal', () => {
  expect(codeOf(() => bearerOf(['Authorization', 'Bearer a', 'authorization', 'Bearer a']))).toBe('invalid_request')
})

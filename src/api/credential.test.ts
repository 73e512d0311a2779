import { expect, test } from 'vitest'
import { GatewayError } from '#/errors/gateway-error.ts'
import { type AuthInput, credentialOf } from './credential.ts'

const BASIC = { authorization: `Basic ${Buffer.from('u:p').toString('base64')}` }
const BEARER = { authorization: 'Bearer t' }

/** What a body says, what is stored, and the headers that go upstream (null: none, undefined: as it is). */
const TABLE: readonly (readonly [
  AuthInput,
  Record<string, string> | null,
  Record<string, string> | null | undefined,
])[] = [
  [{}, BEARER, undefined],
  [{ authToken: '*****' }, BEARER, undefined],
  [{ authType: 'none' }, BEARER, null],
  [{ authType: 'bearer', authToken: 't' }, null, BEARER],
  [{ authToken: 't' }, null, BEARER],
  [{ authType: 'BEARER', authToken: '*****' }, BEARER, BEARER],
  [{ authType: 'basic', authUsername: 'u', authPassword: 'p' }, null, BASIC],
  [{ authType: 'basic', authUsername: 'v', authPassword: '*****' }, BASIC, { authorization: `Basic ${btoa('v:p')}` }],
  [{ authType: 'authheaders', authHeaders: [{ key: 'X-Key', value: 'k' }] }, null, { 'x-key': 'k' }],
  [{ authType: 'authheaders', authHeaderKey: 'X-Key', authHeaderValue: 'k' }, null, { 'x-key': 'k' }],
  [
    { authType: 'authheaders', authHeaders: [{ key: 'x-key', value: '*****' }] },
    { 'x-key': 'old' },
    { 'x-key': 'old' },
  ],
]

test.each(TABLE)('%j over %j', (input, stored, headers) => {
  const credential = credentialOf(input, stored)
  expect(credential && credential.headers).toEqual(headers)
})

const REFUSED: readonly (readonly [AuthInput, string])[] = [
  [{ authType: 'oauth' }, 'authType'],
  [{ authType: 'bearer', authToken: '*****' }, 'authToken'],
  [{ authType: 'bearer', authToken: 'a\nb' }, 'authToken'],
  [{ authType: 'basic', authPassword: 'p' }, 'authUsername'],
  [{ authType: 'basic', authUsername: 'u' }, 'authPassword'],
  [{ authType: 'basic', authUsername: 'u:v', authPassword: 'p' }, 'authUsername'],
  [{ authType: 'authheaders', authHeaders: [] }, 'authHeaders'],
  [{ authType: 'authheaders', authHeaders: [{ key: 'Host', value: 'x' }] }, 'authHeaders'],
  [{ authType: 'authheaders', authHeaders: [{ key: 'Mcp-Session-Id', value: 'x' }] }, 'authHeaders'],
  [{ authType: 'authheaders', authHeaders: [{ key: 'a b', value: 'x' }] }, 'authHeaders'],
]

test.each(REFUSED)('%j is refused', (input, field) => {
  expect(() => credentialOf(input, null)).toThrow(expect.objectContaining({ code: 'invalid_field', field }))
  expect(() => credentialOf(input, null)).toThrow(GatewayError)
})

test('a refusal never quotes the secret', () => {
  const secret = 'hunter2\n'
  expect(() => credentialOf({ authType: 'bearer', authToken: secret }, null)).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
  )
})

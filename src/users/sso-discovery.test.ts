import { expect, test } from 'vitest'
import { keptMetadata } from './sso-discovery.ts'

const ISSUER = 'https://id.example.com'
const DOCUMENT = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/auth`,
  token_endpoint: `${ISSUER}/token`,
  jwks_uri: `${ISSUER}/jwks`,
}

function setUp(document: object = DOCUMENT) {
  const state = { at: 0, asked: 0, away: false, failures: 0 }
  const kept = keptMetadata({
    issuer: ISSUER,
    line: {
      getJson: async (url) => {
        state.asked += 1
        expect(url).toBe(`${ISSUER}/.well-known/openid-configuration`)
        if (state.away) throw new Error('away')
        return document
      },
    },
    failed: () => (state.failures += 1),
    now: () => state.at,
  })
  return { state, kept }
}

test('is asked for once for all who wait, and again when it is old', async () => {
  const { state, kept } = setUp()
  await Promise.all(Array.from({ length: 50 }, kept))
  expect(state.asked).toBe(1)
  state.at = 599_999
  await kept()
  expect(state.asked).toBe(1)
  state.at = 600_001
  await kept()
  expect(state.asked).toBe(2)
})

test('what it said last is believed for a while when it is away, and nobody asks again at once', async () => {
  const { state, kept } = setUp()
  await kept()
  state.away = true
  state.at = 700_000
  expect((await kept()).tokenEndpoint).toBe(`${ISSUER}/token`)
  await kept()
  expect([state.asked, state.failures]).toEqual([2, 1])
  state.at = 13 * 3_600_000
  await expect(kept()).rejects.toThrow('away')
  await expect(kept()).rejects.toThrow('away')
  expect(state.asked).toBe(3)
  state.away = false
  state.at += 2_001
  expect((await kept()).jwksUri).toBe(`${ISSUER}/jwks`)
})

test.each<[string, object, RegExp]>([
  ['of another issuer', { ...DOCUMENT, issuer: `${ISSUER}/` }, /not the issuer/],
  ['without a token endpoint', { ...DOCUMENT, token_endpoint: undefined }, /token_endpoint/],
  ['that leads on in the clear', { ...DOCUMENT, jwks_uri: 'http://id.example.com/jwks' }, /jwks_uri/],
  [
    'whose tokens are signed with a shared secret',
    { ...DOCUMENT, id_token_signing_alg_values_supported: ['HS256', 'none'] },
    /in none of/,
  ],
])('a document %s is refused', async (_, document, why) => {
  await expect(setUp(document).kept()).rejects.toThrow(why)
})

import { expect, test } from 'vitest'
import { idTokenFault } from './id-token.ts'
import type { UnverifiedJwt } from './jwt.ts'

const NOW = 1_800_000_000
const RULES = { issuer: 'https://id.example.com', clientId: 'causeway', nonce: 'n' }
const good = { iss: RULES.issuer, aud: 'causeway', sub: 'ann', exp: NOW + 60, iat: NOW, nonce: 'n' }
const faultOf = (over: object) =>
  idTokenFault({ claims: { ...good, ...over } } as unknown as UnverifiedJwt, RULES, NOW * 1000)

test.each<[string, object, RegExp | null]>([
  ['as it should be', {}, null],
  ['for us among others, made for us', { aud: ['other', 'causeway'], azp: 'causeway' }, null],
  ['for us alone, in a list', { aud: ['causeway'] }, null],
  ['a moment late', { exp: NOW - 29 }, null],
  ['a moment early', { iat: NOW + 29 }, null],
  ['of another issuer', { iss: 'https://id.example.com/' }, /another issuer/],
  ['for another', { aud: 'causeway2' }, /another client/],
  ['for nobody', { aud: undefined }, /another client/],
  ['for several', { aud: ['causeway', 'other'] }, /several clients/],
  ['made for another', { azp: 'other' }, /made for another/],
  ['of nobody', { sub: undefined }, /names nobody/],
  ['of a number', { sub: 5 }, /names nobody/],
  ['over', { exp: NOW - 30 }, /expired/],
  ['for ever', { exp: undefined }, /does not say when/],
  ['from some day', { iat: undefined }, /does not say when/],
  ['from tomorrow', { iat: NOW + 31 }, /not valid yet/],
  ['for tomorrow', { nbf: NOW + 31 }, /not valid yet/],
  ['with odd times', { nbf: '1' }, /not numbers/],
  ['for another sign-in', { nonce: 'm' }, /another sign-in/],
  ['for any sign-in', { nonce: undefined }, /another sign-in/],
])('%s', (_, over, fault) => {
  const found = faultOf(over)
  if (fault === null) expect(found).toBeNull()
  else expect(found).toMatch(fault)
})

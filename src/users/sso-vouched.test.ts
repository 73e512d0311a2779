import { expect, test } from 'vitest'
import { claimsOf, vouchedIn } from './sso-vouched.ts'

const ANN = 'ann@example.com'
const EVE = 'eve@example.com'

test.each<[string, object, object, string | null]>([
  ['the ID token says all', { email: ANN, email_verified: true }, {}, ANN],
  ['userinfo says all', {}, { email: ANN, email_verified: true }, ANN],
  ['userinfo says of the same address that it is verified', { email: ANN }, { email: ANN, email_verified: true }, ANN],
  ['userinfo says so of another address', { email: ANN }, { email: EVE, email_verified: true }, null],
  ['userinfo says so of none', { email: ANN }, { email_verified: true }, null],
  ['the ID token says so of none', { email_verified: true }, { email: EVE }, null],
  ['the ID token says no', { email: ANN, email_verified: false }, { email: ANN, email_verified: true }, null],
  ['userinfo says no of another', { email: ANN, email_verified: true }, { email: EVE, email_verified: false }, ANN],
  ['nobody says so', { email: ANN }, { email: ANN }, null],
])('an address and whether it is verified are of one document: %s', (_, token, userinfo, email) => {
  const claims = claimsOf({ sub: '1', ...token }, { sub: '1', name: 'Ann', ...userinfo })
  const reading = { groupsClaim: 'groups', trustsAddresses: false }
  expect(vouchedIn(claims, reading)).toEqual({ subject: '1', email, fullName: 'Ann', groups: [] })
})

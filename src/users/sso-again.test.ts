import { expect, test } from 'vitest'
import { GatewayError } from '#/errors/gateway-error.ts'
import { beginningAt, spent } from './sso-again.ts'
import { destinationOf } from './sso-destination.ts'

const LOGIN = 'https://mcp.example.com/auth/sso/login'
const loopback = { port: 4242, challenge: 'c'.repeat(43), state: 's'.repeat(43) }

test.each([[null], [{ page: '/docs?a=1&b=%2F#x' }], [{ loopback }]])(
  'a sign-in begins anew to the same end: %o',
  (to) => {
    const { searchParams } = new URL(beginningAt(LOGIN, to))
    const port = searchParams.get('loopback_port')
    const query = { ...Object.fromEntries(searchParams), ...(port !== null && { loopback_port: Number(port) }) }
    expect(destinationOf(query)).toEqual(to)
  },
)

test('a refusal says what it said, and where to begin', () => {
  const error = new GatewayError('unavailable', 'away', { retryAfter: 5, field: 'state', data: { more: 1 } })
  expect(spent(error, { loginUrl: LOGIN }, { to: null })).toMatchObject({
    code: 'unavailable',
    message: 'away',
    retryAfter: 5,
    field: 'state',
    data: { more: 1, begin_at: LOGIN },
  })
})

import { expect, test } from 'vitest'
import { GatewayError } from '#/errors/gateway-error.ts'
import { RoleId, ServerId, TeamId, TokenId, UserId } from './ids.ts'
import { identifier, principalOf, type Directory, type LiveToken } from './principal-of.ts'
import { BUILT_IN_ROLES, PLATFORM_ADMIN, roleOf, type Role } from './roles.ts'
import { administratorStanding, type KnownUser } from './standing.ts'
import { mintToken, tokenHash } from './token-format.ts'

const NOW = Date.UTC(2026, 0, 1)
const user: KnownUser = {
  id: UserId.mint(),
  email: 'admin@example.com',
  enabled: true,
  memberships: [],
  assignments: [{ roleId: PLATFORM_ADMIN.id, teamId: null, expiresAt: null }],
}
const token: LiveToken = {
  id: TokenId.mint(),
  userId: user.id,
  teamId: null,
  permissions: null,
  serverId: null,
  expiresAt: null,
  limits: null,
}
const text = mintToken().text

const NO_ORDERS = {
  userByEmail: () => undefined,
  team: () => undefined,
  role: (id: RoleId) => BUILT_IN_ROLES.get(id),
  ordersStamp: 0,
}

function directory(known: LiveToken | undefined, who: KnownUser | undefined): Directory {
  return {
    token: (hash) => (hash === tokenHash(text) ? known : undefined),
    tokenById: (id) => (id === known?.id ? known : undefined),
    user: (id) => (id === who?.id ? who : undefined),
    ...NO_ORDERS,
  }
}

function refusal(work: () => unknown): { readonly code: string; readonly message: string } {
  try {
    work()
  } catch (error) {
    if (error instanceof GatewayError) return { code: error.code, message: error.message }
    throw error
  }
  return { code: 'none', message: '' }
}

const identify = (known: LiveToken | undefined, who: KnownUser | undefined = user) =>
  identifier({ current: directory(known, who), ageMs: 0 }, { maxAgeMs: 1000, now: () => NOW })

test('a live token is its user', () => {
  expect(identify(token)(text)).toMatchObject({ userId: user.id, tokenId: token.id, isAdmin: true, permissions: null })
})

test.each([
  ['another token', mintToken().text, 'unknown here'],
  ['garbage', 'garbage', 'unknown here'],
  ['the empty text', '', 'unknown here'],
  ['a foreign JWT', 'eyJhbGciOiJub25lIn0.e30.', 'unknown here'],
  ['a token with a slip', text.slice(0, -1), 'mistyped'],
  ['a name every object has', '__proto__', 'unknown here'],
])('%s is refused and told why', (_, presented, why) => {
  const { code, message } = refusal(() => identify(token)(presented))
  expect(code).toBe('unauthenticated')
  expect(message).toContain('Invalid authentication credentials')
  expect(message).toContain(why)
})

test('a revoked token is not in the snapshot and so unknown', () => {
  expect(refusal(() => identify(undefined)(text)).code).toBe('unauthenticated')
})

test('a token of a user who is gone is unknown; of one who is disabled, disabled', () => {
  const other = { ...user, id: UserId.mint() }
  expect(refusal(() => identify(token, other)(text)).code).toBe('unauthenticated')
  expect(refusal(() => identify(token, { ...user, enabled: false })(text))).toEqual({
    code: 'unauthenticated',
    message: 'Account disabled',
  })
})

test('expiry is decided on each call, also for a principal that was made before', () => {
  let now = NOW
  const expiring = { ...token, expiresAt: NOW + 10 }
  const ask = identifier({ current: directory(expiring, user), ageMs: 0 }, { maxAgeMs: 1000, now: () => now })
  expect(ask(text).userId).toBe(user.id)
  now = NOW + 10
  expect(refusal(() => ask(text)).message).toContain('the token expired at 2026-01-01T00:00:00.010Z')
})

test('a snapshot that nobody confirmed for too long opens no door', () => {
  const live = { current: directory(token, user), ageMs: 1000 }
  const ask = identifier(live, { maxAgeMs: 1000 })
  expect(ask(text).userId).toBe(user.id)
  live.ageMs = 1001
  expect(refusal(() => ask(text)).code).toBe('unavailable')
})

test('the principal is made once, and anew when the token or the user changes', () => {
  const live = { current: directory(token, user), ageMs: 0 }
  const ask = identifier(live, { maxAgeMs: 1000 })
  const first = ask(text)
  expect(ask(text)).toBe(first)
  live.current = directory(token, { ...user, assignments: [] })
  expect(ask(text).isAdmin).toBe(false)
  live.current = directory({ ...token, permissions: ['tools.read'] }, user)
  expect([...(ask(text).permissions ?? [])]).toEqual(['tools.read'])
})

const key = (changes: Partial<LiveToken>): string =>
  principalOf({ ...token, ...changes }, user, administratorStanding(user)).key

test('the key names the user and the narrowing, not the token', () => {
  const serverId = ServerId.mint()
  expect(key({ id: TokenId.mint() })).toBe(key({}))
  expect(key({ permissions: ['tools.read', 'tools.execute'] })).toBe(
    key({ permissions: ['tools.execute', 'tools.read'] }),
  )
  const different = [
    key({}),
    key({ userId: UserId.mint() }),
    key({ permissions: [] }),
    key({ permissions: ['tools.read'] }),
    key({ serverId }),
    key({ serverId, permissions: ['tools.read'] }),
  ]
  expect(new Set(different).size).toBe(different.length)
})

test('on one connection each token is still judged by itself, and as it is now', () => {
  const connection = {}
  let known: LiveToken | undefined = token
  const who = identifier(
    {
      current: {
        token: (hash) => (hash === tokenHash(text) ? known : undefined),
        tokenById: () => known,
        user: () => user,
        ...NO_ORDERS,
      },
      ageMs: 0,
    },
    { maxAgeMs: 1000, now: () => NOW },
  )
  expect(who(text, connection).tokenId).toBe(token.id)
  expect(refusal(() => who(mintToken().text, connection)).code).toBe('unauthenticated')
  expect(who(text, connection).tokenId).toBe(token.id)
  known = undefined
  expect(refusal(() => who(text, connection)).code).toBe('unauthenticated')
})

test('who was let in before is found again by the token it came with, and only while it would be let in', () => {
  const live = { current: directory(token, user), ageMs: 0 }
  const ask = identifier(live, { maxAgeMs: 1000, now: () => NOW })
  const first = ask(text)
  expect(ask.again(first)).toBe(first)
  live.current = directory({ ...token, permissions: ['tools.read'] }, user)
  expect([...(ask.again(first).permissions ?? [])]).toEqual(['tools.read'])
  live.current = directory(token, { ...user, enabled: false })
  expect(refusal(() => ask.again(first)).message).toBe('Account disabled')
  live.current = directory(undefined, user)
  expect(refusal(() => ask.again(first)).message).toContain('the token was revoked or switched off')
  live.current = directory(token, user)
  live.ageMs = 1001
  expect(refusal(() => ask.again(first)).code).toBe('unavailable')
})

test('a role that is changed, and one that ends, change the principal at once', () => {
  const id = RoleId.mint()
  const role = (...permissions: string[]): Role => roleOf({ id, name: 'odd', scope: 'platform', permissions })
  const orders = { ...NO_ORDERS, role: (): Role => role('tools.read') }
  const who = { ...user, assignments: [{ roleId: id, teamId: null, expiresAt: NOW + 10 }] }
  const live = { current: { ...directory(token, who), ...orders }, ageMs: 0 }
  let now = NOW
  const ask = identifier(live, { maxAgeMs: 1000, now: () => now })
  const held = (): readonly string[] => ask(text).roles.platform.flatMap((each) => [...each.role.permissions])
  expect(held()).toEqual(['tools.read'])
  live.current = { ...directory(token, who), ...orders, role: () => role('tools.update'), ordersStamp: 1 }
  expect(held()).toEqual(['tools.update'])
  expect(ask(text)).toBe(ask(text))
  now = NOW + 10
  expect(held()).toEqual([])
})

test('a token of a team is good while its user is in the team and the team is there', () => {
  const teamId = TeamId.mint()
  const ofTeam = { ...token, teamId }
  const member = { ...user, assignments: [], memberships: [{ teamId, isOwner: false }] }
  const ask = (who: KnownUser, isThere = true): string => {
    const current = { ...directory(ofTeam, who), team: () => (isThere ? {} : undefined) }
    return refusal(() => identifier({ current, ageMs: 0 }, { maxAgeMs: 1000, now: () => NOW })(text)).code
  }
  expect(ask(member)).toBe('none')
  expect(ask(user)).toBe('none')
  expect(ask(member, false)).toBe('unauthenticated')
  expect(ask(user, false)).toBe('unauthenticated')
  expect(ask({ ...member, memberships: [] })).toBe('unauthenticated')
})

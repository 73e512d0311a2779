import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GatewayError } from '#/errors/gateway-error.ts'
import { allow, allowAny, can } from './allow.ts'
import { ServerId, TeamId, TokenId, UserId } from './ids.ts'
import { widening } from './narrowing.ts'
import { PERMISSIONS, SERVER_PERMISSIONS, type Permission } from './permissions.ts'
import type { Owned, Principal } from './principal.ts'
import { principalOf } from './principal-of.ts'
import { scopeAllowed } from './scope.ts'
import { visibilityClass } from './visibility.ts'

const users = [UserId.mint(), UserId.mint()] as const
const teams = [TeamId.mint(), TeamId.mint()] as const
const servers = [ServerId.mint(), ServerId.mint()] as const

const anyPermission = fc.constantFrom(...PERMISSIONS)
const anyPermissions = fc.option(fc.uniqueArray(anyPermission), { nil: null })
const anyThing: fc.Arbitrary<Owned> = fc.record({
  ownerId: fc.constantFrom(null, ...users),
  teamId: fc.constantFrom(null, ...teams),
  visibility: fc.constantFrom('private', 'team', 'public'),
})
const anyNarrowing = fc.record({
  permissions: anyPermissions,
  serverId: fc.constantFrom(null, ...servers),
  teamId: fc.constantFrom(null, ...teams),
})

interface Narrowing {
  readonly permissions: readonly Permission[] | null
  readonly serverId: ServerId | null
  readonly teamId: TeamId | null
}

function principal(isAdmin: boolean, narrowing: Narrowing): Principal {
  const user = { id: users[0], email: 'a@b.c', isAdmin, enabled: true }
  return principalOf({ id: TokenId.mint(), userId: user.id, expiresAt: null, ...narrowing }, user)
}

const rights = (n: Narrowing) => ({
  ...n,
  permissions: n.permissions === null ? null : new Set(n.permissions),
  expiresAt: null,
})

const codeOf = (work: () => unknown): string => {
  try {
    work()
    return 'none'
  } catch (error) {
    return error instanceof GatewayError ? error.code : String(error)
  }
}

const WIDE: Narrowing = { permissions: null, serverId: null, teamId: null }

test('a token never widens what its user may', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      anyNarrowing,
      anyPermission,
      fc.option(anyThing),
      (isAdmin, narrowing, permission, thing) => {
        const narrowed = can(principal(isAdmin, narrowing), permission, thing)
        const whole = can(principal(isAdmin, WIDE), permission, thing)
        if (narrowed !== null) expect(whole).not.toBeNull()
        if (thing !== null && principal(isAdmin, narrowing).visibilityClass.sees(thing))
          expect(principal(isAdmin, WIDE).visibilityClass.sees(thing)).toBe(true)
      },
    ),
    { numRuns: 2000 },
  )
})

test('what the narrowing calls no wider can do nothing more', () => {
  let compared = 0
  fc.assert(
    fc.property(anyNarrowing, anyNarrowing, anyPermission, fc.option(anyThing), (held, wanted, permission, thing) => {
      fc.pre(widening(rights(held), rights(wanted)) === null)
      compared++
      if (can(principal(true, wanted), permission, thing) !== null)
        expect(can(principal(true, held), permission, thing)).not.toBeNull()
    }),
    { numRuns: 2000 },
  )
  expect(compared).toBeGreaterThan(1000)
})

test('nobody without a role may do anything', () => {
  for (const permission of PERMISSIONS) expect(can(principal(false, WIDE), permission, null)).toBeNull()
})

test('the administrator may do everything, and the rule says through which token', () => {
  for (const permission of PERMISSIONS) expect(can(principal(true, WIDE), permission, null)).toBe('admin')
  expect(can(principal(true, { ...WIDE, permissions: ['tools.read'] }), 'tools.read', null)).toBe(
    'admin, narrowed token',
  )
})

test('a token narrowed to a server manages nothing', () => {
  const narrowed = principal(true, { ...WIDE, serverId: servers[0] })
  for (const permission of PERMISSIONS)
    expect(can(narrowed, permission, null) !== null).toBe(SERVER_PERMISSIONS.has(permission))
})

test('what cannot be seen is absent, what cannot be done is forbidden', () => {
  const hidden: Owned = { ownerId: users[1], teamId: null, visibility: 'private' }
  const open: Owned = { ownerId: users[1], teamId: null, visibility: 'public' }
  expect(codeOf(() => allow(principal(false, WIDE), 'tools.read', hidden))).toBe('not_found')
  expect(codeOf(() => allow(principal(false, WIDE), 'tools.read', open))).toBe('forbidden')
  expect(codeOf(() => allowAny(principal(false, WIDE), 'tools.read'))).toBe('forbidden')
  expect(allow(principal(true, WIDE), 'tools.read', hidden)).toMatchObject({ target: hidden, rule: 'admin' })
})

test.each([
  ['private, own', { ownerId: users[0], teamId: null, visibility: 'private' }, true],
  ['private, of another', { ownerId: users[1], teamId: null, visibility: 'private' }, false],
  ['private, of nobody', { ownerId: null, teamId: null, visibility: 'private' }, false],
  ['private, of the own team', { ownerId: users[1], teamId: teams[0], visibility: 'private' }, false],
  ['team, of the own team', { ownerId: users[1], teamId: teams[0], visibility: 'team' }, true],
  ['team, of another team', { ownerId: users[1], teamId: teams[1], visibility: 'team' }, false],
  ['team, of no team', { ownerId: users[1], teamId: null, visibility: 'team' }, false],
  ['public', { ownerId: null, teamId: null, visibility: 'public' }, true],
] as const)('a member of one team and a thing that is %s', (_, thing, seen) => {
  const sight = { userId: users[0], isAdmin: false, teams: [teams[0]], teamId: null, serverId: null }
  expect(visibilityClass(sight).sees(thing)).toBe(seen)
})

test('one sight is one object; another sight has another id', () => {
  const sight = { userId: users[0], isAdmin: false, teams: [teams[0], teams[1]], teamId: null, serverId: null }
  expect(visibilityClass({ ...sight, teams: [teams[1], teams[0]] })).toBe(visibilityClass(sight))
  expect(visibilityClass({ ...sight, userId: users[1], isAdmin: true })).toBe(
    visibilityClass({ ...sight, isAdmin: true }),
  )
  const different = [
    sight,
    { ...sight, teams: [] },
    { ...sight, userId: users[1] },
    { ...sight, isAdmin: true },
    { ...sight, serverId: servers[0] },
    { ...sight, isAdmin: true, serverId: servers[0] },
    { ...sight, teamId: teams[0] },
    { ...sight, isAdmin: true, teamId: teams[0] },
  ]
  expect(new Set(different.map((each) => visibilityClass(each).id)).size).toBe(different.length)
})

test('equal classes see the same', () => {
  const anySight = fc.record({
    userId: fc.constantFrom(...users),
    isAdmin: fc.boolean(),
    teams: fc.uniqueArray(fc.constantFrom(...teams)),
    teamId: fc.constantFrom(null, ...teams),
    serverId: fc.constantFrom(null, ...servers),
  })
  fc.assert(
    fc.property(anySight, anySight, anyThing, (a, b, thing) => {
      fc.pre(visibilityClass(a).id === visibilityClass(b).id)
      expect(visibilityClass(a).sees(thing)).toBe(visibilityClass(b).sees(thing))
    }),
  )
})

test('a token narrowed to a server has one door', () => {
  const narrowed = principal(true, { ...WIDE, serverId: servers[0] })
  expect(scopeAllowed(narrowed, 'server', servers[0])).toBe(true)
  for (const [kind, id] of [
    ['server', servers[1]],
    ['all', null],
    ['gateway', servers[0]],
    ['rest', null],
  ] as const) {
    expect(scopeAllowed(narrowed, kind, id)).toBe(false)
    expect(scopeAllowed(principal(true, WIDE), kind, id)).toBe(true)
  }
})

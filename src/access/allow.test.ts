import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GatewayError } from '#/errors/gateway-error.ts'
import { allow, allowAny, can } from './allow.ts'
import { RoleId, ServerId, TeamId, TokenId, UserId } from './ids.ts'
import { widening } from './narrowing.ts'
import {
  PERMISSIONS,
  PLATFORM_PERMISSIONS,
  SERVER_PERMISSIONS,
  USE_PERMISSIONS,
  type Permission,
} from './permissions.ts'
import type { Owned, Principal } from './principal.ts'
import { principalOf } from './principal-of.ts'
import { BUILT_IN_ROLES, PLATFORM_ADMIN, PLATFORM_VIEWER, roleOf, TEAM_DEVELOPER, type Role } from './roles.ts'
import { scopeAllowed } from './scope.ts'
import { personalTeam, standingOf, type Assignment, type KnownUser, type Membership } from './standing.ts'
import { visibilityClass } from './visibility.ts'

const users = [UserId.mint(), UserId.mint()] as const
const teams = [TeamId.mint(), TeamId.mint(), TeamId.mint()] as const
const servers = [ServerId.mint(), ServerId.mint()] as const
const [me] = users
const custom: readonly Role[] = (['platform', 'team'] as const).map((scope) =>
  roleOf({ id: RoleId.mint(), name: `odd ${scope}`, scope, permissions: ['tools.update', 'admin.export', 'nothing'] }),
)
const roles = new Map([...BUILT_IN_ROLES, ...custom.map((role) => [role.id, role] as const)])
const orders = { hasTeam: (id: TeamId) => teams.includes(id), role: (id: RoleId) => roles.get(id) }

const anyPermission = fc.constantFrom(...PERMISSIONS)
const anyTeam = fc.constantFrom(...teams)
const anyThing: fc.Arbitrary<Owned> = fc.record({
  ownerId: fc.constantFrom(null, ...users),
  teamId: fc.constantFrom(null, ...teams, personalTeam(me), personalTeam(users[1])),
  visibility: fc.constantFrom('private', 'team', 'public'),
})
const anyNarrowing = fc.record({
  permissions: fc.option(fc.uniqueArray(anyPermission), { nil: null }),
  serverId: fc.constantFrom(null, ...servers),
  teamId: fc.constantFrom(null, ...teams),
})
const anyMemberships = fc.uniqueArray(fc.record({ teamId: anyTeam, isOwner: fc.boolean() }), {
  selector: ({ teamId }) => teamId,
})
const anyAssignments = fc.array(
  fc.record({
    roleId: fc.constantFrom(...roles.keys(), RoleId.mint()),
    teamId: fc.constantFrom(null, ...teams, TeamId.mint()),
    expiresAt: fc.constantFrom(null, 1, 1_000),
  }),
  { maxLength: 5 },
)
const anyUser = fc.record({ memberships: anyMemberships, assignments: anyAssignments })

interface Narrowing {
  readonly permissions: readonly Permission[] | null
  readonly serverId: ServerId | null
  readonly teamId: TeamId | null
}
type Roles = Pick<KnownUser, 'memberships' | 'assignments'>

function principal(of: Roles, narrowing: Narrowing = WIDE): Principal {
  const user = { id: me, email: 'a@b.c', enabled: true, ...of }
  return principalOf(
    { id: TokenId.mint(), userId: me, expiresAt: null, limits: null, ...narrowing },
    user,
    standingOf(user, orders, 10),
  )
}

const WIDE: Narrowing = { permissions: null, serverId: null, teamId: null }
const NOBODY: Roles = { memberships: [], assignments: [] }
const holding = (role: Role, teamId: TeamId | null = null): Roles => ({
  memberships: teamId === null ? [] : [{ teamId, isOwner: false }],
  assignments: [{ roleId: role.id, teamId, expiresAt: null }],
})
const ADMIN = holding(PLATFORM_ADMIN)

const rights = (n: Narrowing) => ({
  ...n,
  permissions: n.permissions === null ? null : new Set(n.permissions),
  expiresAt: null,
  limits: null,
})

const codeOf = (work: () => unknown): string => {
  try {
    work()
    return 'none'
  } catch (error) {
    return error instanceof GatewayError ? error.code : String(error)
  }
}

/** Everything that a principal may do with a thing, and in general. */
const reach = (who: Principal, thing: Owned | null): readonly Permission[] =>
  PERMISSIONS.filter((permission) => can(who, permission, thing) !== null)

test('a token never widens what its user may', () => {
  fc.assert(
    fc.property(anyUser, anyNarrowing, fc.option(anyThing), (of, narrowing, thing) => {
      const [narrowed, whole] = [principal(of, narrowing), principal(of)]
      expect(reach(whole, thing)).toEqual(expect.arrayContaining([...reach(narrowed, thing)]))
      if (thing !== null && narrowed.visibilityClass.sees(thing)) expect(whole.visibilityClass.sees(thing)).toBe(true)
    }),
    { numRuns: 3000 },
  )
})

test('what the narrowing calls no wider can do nothing more', () => {
  let compared = 0
  fc.assert(
    fc.property(anyUser, anyNarrowing, anyNarrowing, fc.option(anyThing), (of, held, wanted, thing) => {
      fc.pre(widening(rights(held), rights(wanted)) === null)
      compared++
      expect(reach(principal(of, held), thing)).toEqual(
        expect.arrayContaining([...reach(principal(of, wanted), thing)]),
      )
    }),
    { numRuns: 2000 },
  )
  expect(compared).toBeGreaterThan(1000)
})

test('the order of memberships and grants does not matter', () => {
  fc.assert(
    fc.property(anyUser, fc.option(anyThing), ({ memberships, assignments }, thing) => {
      const turned = { memberships: memberships.toReversed(), assignments: assignments.toReversed() }
      const [one, other] = [principal({ memberships, assignments }), principal(turned)]
      expect(reach(other, thing)).toEqual(reach(one, thing))
      expect(other.visibilityClass).toBe(one.visibilityClass)
    }),
    { numRuns: 2000 },
  )
})

test('leaving a team leaves everything of it behind but the use of what is public', () => {
  let had = 0
  fc.assert(
    fc.property(anyUser, anyTeam, anyThing, (of, teamId, thing) => {
      fc.pre(!of.assignments.some(({ roleId, teamId: team }) => team === null && roleId === PLATFORM_ADMIN.id))
      const inIt: Membership = { teamId, isOwner: true }
      const others = of.memberships.filter((each) => each.teamId !== teamId)
      const its = { ...thing, teamId }
      if (reach(principal({ ...of, memberships: [...others, inIt] }), its).length > 0) had++
      const left = principal({ ...of, memberships: others })
      if (its.visibility !== 'public') expect(reach(left, its)).toEqual([])
      else expect(reach(left, its).filter((each) => !USE_PERMISSIONS.has(each))).toEqual(platformReach(left, its))
    }),
    { numRuns: 3000 },
  )
  expect(had).toBeGreaterThan(1000)
})

/** Beyond using it, only what a role in the platform says. */
const platformReach = (who: Principal, thing: Owned): readonly Permission[] =>
  reach(who, thing).filter(
    (each) => !USE_PERMISSIONS.has(each) && who.roles.platform.some(({ role }) => role.permissions.has(each)),
  )

test('losing any membership or grant never gives anything', () => {
  fc.assert(
    fc.property(anyUser, fc.option(anyThing), fc.nat(), (of, thing, n) => {
      const all: readonly (Membership | Assignment)[] = [...of.memberships, ...of.assignments]
      fc.pre(all.length > 0)
      const lost = all[n % all.length]
      const less = {
        memberships: of.memberships.filter((each) => each !== lost),
        assignments: of.assignments.filter((each) => each !== lost),
      }
      expect(reach(principal(of), thing)).toEqual(expect.arrayContaining([...reach(principal(less), thing)]))
    }),
    { numRuns: 2000 },
  )
})

test('a role in a team reaches nothing beyond the team but the use of what is public', () => {
  fc.assert(
    fc.property(anyThing, (thing) => {
      const [own] = teams
      const who = principal(holding(TEAM_DEVELOPER, own))
      const beyond = reach(who, thing).filter((each) => thing.visibility !== 'public' || !USE_PERMISSIONS.has(each))
      if (thing.teamId !== own && thing.teamId !== personalTeam(me)) expect(beyond).toEqual([])
    }),
  )
})

test('no role in a team, built in or made, holds what concerns the platform', () => {
  for (const role of roles.values())
    if (role.scope === 'team')
      expect([...role.permissions].filter((each) => PLATFORM_PERMISSIONS.has(each))).toEqual([])
  const [team] = teams
  const everywhere = [...roles.keys()].map((roleId) => ({ roleId, teamId: team, expiresAt: null, limits: null }))
  const who = principal({ memberships: [{ teamId: team, isOwner: true }], assignments: everywhere })
  expect(reach(who, null).filter((each) => PLATFORM_PERMISSIONS.has(each))).toEqual([])
})

test('a role that is over, of a team that is gone, or of nobody, holds nothing', () => {
  const before = reach(principal(NOBODY), null)
  for (const over of [{ expiresAt: 10 }, { teamId: TeamId.mint() }, { roleId: RoleId.mint() }]) {
    const grant = { roleId: PLATFORM_ADMIN.id, teamId: null, expiresAt: null, limits: null, ...over }
    expect(reach(principal({ memberships: [], assignments: [grant] }), null)).toEqual(before)
  }
  const user = { id: me, email: 'a@b.c', enabled: true, memberships: [], assignments: [] }
  const timed = { roleId: PLATFORM_VIEWER.id, teamId: null, expiresAt: 50 }
  expect(standingOf({ ...user, assignments: [timed] }, orders, 10).until).toBe(50)
})

test('nobody without a role may do anything outside the own team', () => {
  for (const permission of PLATFORM_PERMISSIONS) expect(can(principal(NOBODY), permission, null)).toBeNull()
  const open: Owned = { ownerId: users[1], teamId: null, visibility: 'public' }
  expect(new Set(reach(principal(NOBODY), open))).toEqual(USE_PERMISSIONS)
  expect(reach(principal(NOBODY), { ...open, visibility: 'team', teamId: teams[0] })).toEqual([])
})

test('the administrator may do everything, and the rule says through which token', () => {
  for (const permission of PERMISSIONS) expect(can(principal(ADMIN), permission, null)).toBe('admin')
  expect(can(principal(ADMIN, { ...WIDE, permissions: ['tools.read'] }), 'tools.read', null)).toBe(
    'admin, narrowed token',
  )
})

test('the rule names the role and where it is held', () => {
  const [team] = teams
  const who = principal(holding(TEAM_DEVELOPER, team))
  const thing: Owned = { ownerId: users[1], teamId: team, visibility: 'team' }
  expect(can(who, 'tools.read', thing)).toBe(`viewer in team ${team}`)
  expect(can(who, 'tools.update', thing)).toBe(`developer in team ${team}`)
  expect(can(who, 'teams.update', thing)).toBeNull()
  expect(can(principal(holding(PLATFORM_VIEWER)), 'tools.read', { ...thing, visibility: 'public' })).toBe(
    'platform_viewer',
  )
})

test('a token narrowed to a server manages nothing', () => {
  const narrowed = principal(ADMIN, { ...WIDE, serverId: servers[0] })
  for (const permission of PERMISSIONS)
    expect(can(narrowed, permission, null) !== null).toBe(SERVER_PERMISSIONS.has(permission))
})

test("an administrator's token of a team is good for that team and the use of what is public", () => {
  const [team, other] = teams
  const narrowed = principal(ADMIN, { ...WIDE, teamId: team })
  expect(narrowed.isAdmin).toBe(false)
  const thing = (over: Partial<Owned>): Owned => ({ ownerId: users[1], teamId: team, visibility: 'team', ...over })
  expect(can(narrowed, 'tools.update', thing({}))).toBe('admin, narrowed token')
  expect(reach(narrowed, thing({ teamId: other }))).toEqual([])
  expect(reach(narrowed, thing({ visibility: 'private' }))).toEqual([])
  expect(new Set(reach(narrowed, thing({ teamId: other, visibility: 'public' })))).toEqual(USE_PERMISSIONS)
  for (const permission of PLATFORM_PERMISSIONS) expect(can(narrowed, permission, null)).toBeNull()
})

test('what cannot be seen is absent, what cannot be done is forbidden', () => {
  const hidden: Owned = { ownerId: users[1], teamId: null, visibility: 'private' }
  const open: Owned = { ownerId: users[1], teamId: null, visibility: 'public' }
  expect(codeOf(() => allow(principal(NOBODY), 'tools.read', hidden))).toBe('not_found')
  expect(codeOf(() => allow(principal(NOBODY), 'tools.update', open))).toBe('forbidden')
  expect(codeOf(() => allowAny(principal(NOBODY), 'admin.export'))).toBe('forbidden')
  expect(allow(principal(ADMIN), 'tools.read', hidden)).toMatchObject({ target: hidden, rule: 'admin' })
})

test('a token narrowed to a server has one door', () => {
  const narrowed = principal(ADMIN, { ...WIDE, serverId: servers[0] })
  expect(scopeAllowed(narrowed, 'server', servers[0])).toBe(true)
  for (const [kind, id] of [
    ['server', servers[1]],
    ['all', null],
    ['gateway', servers[0]],
    ['rest', null],
  ] as const) {
    expect(scopeAllowed(narrowed, kind, id)).toBe(false)
    expect(scopeAllowed(principal(ADMIN), kind, id)).toBe(true)
  }
})

test('one sight is one object; administrators who see the same are told apart by what is their own', () => {
  const sight = { userId: me, isAdmin: true, teams: [], teamId: null, serverId: null }
  expect(visibilityClass({ ...sight })).toBe(visibilityClass(sight))
  expect(visibilityClass({ ...sight, userId: users[1] })).not.toBe(visibilityClass(sight))
})

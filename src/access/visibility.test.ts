import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ServerId, TeamId, UserId } from './ids.ts'
import type { Owned } from './principal.ts'
import { nearness, NEARNESS, visibilityClass } from './visibility.ts'

const users = [UserId.mint(), UserId.mint()] as const
const teams = [TeamId.mint(), TeamId.mint()] as const
const servers = [ServerId.mint(), ServerId.mint()] as const
const anyThing: fc.Arbitrary<Owned> = fc.record({
  ownerId: fc.constantFrom(null, ...users),
  teamId: fc.constantFrom(null, ...teams),
  visibility: fc.constantFrom('private', 'team', 'public'),
})

test.each([
  ['private, own', { ownerId: users[0], teamId: null, visibility: 'private' }, true],
  ['private, own, for the own team', { ownerId: users[0], teamId: teams[0], visibility: 'private' }, true],
  ['private, own, for a team that was left', { ownerId: users[0], teamId: teams[1], visibility: 'private' }, false],
  ['private, of another', { ownerId: users[1], teamId: null, visibility: 'private' }, false],
  ['private, of nobody', { ownerId: null, teamId: null, visibility: 'private' }, false],
  ['private, of the own team', { ownerId: users[1], teamId: teams[0], visibility: 'private' }, false],
  ['team, of the own team', { ownerId: users[1], teamId: teams[0], visibility: 'team' }, true],
  ['team, of another team', { ownerId: users[1], teamId: teams[1], visibility: 'team' }, false],
  ['team, own, of a team that was left', { ownerId: users[0], teamId: teams[1], visibility: 'team' }, false],
  ['team, of no team', { ownerId: users[1], teamId: null, visibility: 'team' }, false],
  ['public', { ownerId: null, teamId: null, visibility: 'public' }, true],
] as const)('a member of one team and a thing that is %s', (_, thing, seen) => {
  const sight = { userId: users[0], isAdmin: false, teams: [teams[0]], teamId: null, serverId: null }
  expect(visibilityClass(sight).sees(thing)).toBe(seen)
})

test.each([
  ['private, own, in the team', { ownerId: users[0], teamId: teams[0], visibility: 'private' }, true],
  ['private, of another, in the team', { ownerId: users[1], teamId: teams[0], visibility: 'private' }, false],
  ['private, own, in no team', { ownerId: users[0], teamId: null, visibility: 'private' }, false],
  ['team, of the team', { ownerId: null, teamId: teams[0], visibility: 'team' }, true],
  ['team, of another team', { ownerId: users[0], teamId: teams[1], visibility: 'team' }, false],
  ['public', { ownerId: null, teamId: teams[1], visibility: 'public' }, true],
] as const)('a token of a team and a thing that is %s, whoever comes with it', (_, thing, seen) => {
  const sight = { userId: users[0], teams: [...teams], teamId: teams[0], serverId: null }
  for (const isAdmin of [true, false]) expect(visibilityClass({ ...sight, isAdmin }).sees(thing)).toBe(seen)
})

test('one sight is one object; another sight has another id', () => {
  const sight = { userId: users[0], isAdmin: false, teams: [teams[0], teams[1]], teamId: null, serverId: null }
  expect(visibilityClass({ ...sight, teams: [teams[1], teams[0]] })).toBe(visibilityClass(sight))
  const different = [
    sight,
    { ...sight, teams: [] },
    { ...sight, userId: users[1] },
    { ...sight, isAdmin: true },
    { ...sight, isAdmin: true, userId: users[1] },
    { ...sight, isAdmin: true, teams: [] },
    { ...sight, serverId: servers[0] },
    { ...sight, isAdmin: true, serverId: servers[0] },
    { ...sight, teamId: teams[0] },
    { ...sight, isAdmin: true, teamId: teams[0] },
    { ...sight, isAdmin: true, teamId: teams[0], userId: users[1] },
  ]
  expect(new Set(different.map((each) => visibilityClass(each).id)).size).toBe(different.length)
})

test.each([
  ['private, own', { ownerId: users[0], teamId: null, visibility: 'private' }, NEARNESS.private],
  ['private, of another', { ownerId: users[1], teamId: null, visibility: 'private' }, NEARNESS.asAdministrator],
  ['of the own team', { ownerId: users[1], teamId: teams[0], visibility: 'team' }, NEARNESS.team],
  ['of another team', { ownerId: users[1], teamId: teams[1], visibility: 'team' }, NEARNESS.asAdministrator],
  [
    'own, of a team that was left',
    { ownerId: users[0], teamId: teams[1], visibility: 'team' },
    NEARNESS.asAdministrator,
  ],
  ['public, of another team', { ownerId: users[1], teamId: teams[1], visibility: 'public' }, NEARNESS.public],
] as const)('how near to an administrator in one team a thing is that is %s', (_, thing, near) => {
  const sight = { userId: users[0], isAdmin: true, teams: [teams[0]], teamId: null, serverId: null }
  expect(nearness(visibilityClass(sight), thing)).toBe(near)
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

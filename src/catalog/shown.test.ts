import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ServerId, TeamId, UserId } from '#/access/ids.ts'
import type { Owned, VisibilityClass } from '#/access/principal.ts'
import { nearness, visibilityClass } from '#/access/visibility.ts'
import { NOTHING_SHOWN, ShownEdit, sightKey } from './shown.ts'

const users = [UserId.mint(), UserId.mint(), UserId.mint()] as const
const teams = [TeamId.mint(), TeamId.mint(), TeamId.mint()] as const
const anyThing: fc.Arbitrary<Owned> = fc.record({
  ownerId: fc.constantFrom(null, ...users),
  teamId: fc.constantFrom(null, ...teams),
  visibility: fc.constantFrom('private', 'team', 'public'),
})
const anySight = fc.record({
  userId: fc.constantFrom(...users),
  isAdmin: fc.boolean(),
  teams: fc.uniqueArray(fc.constantFrom(...teams)),
  teamId: fc.constantFrom(null, ...teams),
  serverId: fc.constantFrom(null, ServerId.mint()),
})

const shownOf = (things: readonly Owned[]) => {
  const edit = new ShownEdit(NOTHING_SHOWN)
  for (const thing of things) edit.replace(undefined, thing)
  return edit.done()
}

test('who has the same key sees the same of what there is', () => {
  let compared = 0
  fc.assert(
    fc.property(fc.array(anyThing, { maxLength: 6 }), anySight, anySight, (things, one, other) => {
      const shown = shownOf(things)
      const [a, b] = [visibilityClass(one), visibilityClass(other)]
      fc.pre(sightKey(shown, a, false) === sightKey(shown, b, false))
      if (a !== b) compared++
      expect(things.map((thing) => a.sees(thing))).toEqual(things.map((thing) => b.sees(thing)))
    }),
    { numRuns: 5000 },
  )
  expect(compared).toBeGreaterThan(500)
})

test('where things share a name, who has the same key also finds the same of them as near', () => {
  let compared = 0
  fc.assert(
    fc.property(fc.array(anyThing, { maxLength: 6 }), anySight, anySight, (things, one, other) => {
      const shown = shownOf(things)
      const [a, b] = [visibilityClass(one), visibilityClass(other)]
      fc.pre(sightKey(shown, a, true) === sightKey(shown, b, true))
      if (a !== b) compared++
      const seen = (who: typeof a) => things.map((thing) => who.sees(thing) && nearness(who, thing))
      expect(seen(a)).toEqual(seen(b))
    }),
    { numRuns: 5000 },
  )
  expect(compared).toBeGreaterThan(500)
})

test('administrators share a key until things share a name and one of them is nearer to one', () => {
  const sight = { isAdmin: true, teams: [], teamId: null, serverId: null }
  const [a, b] = users.map((userId) => visibilityClass({ ...sight, userId })) as [VisibilityClass, VisibilityClass]
  const shown = shownOf([{ ownerId: users[0], teamId: null, visibility: 'private' }])
  expect(sightKey(shown, a, false)).toBe(sightKey(shown, b, false))
  expect(sightKey(shown, a, true)).not.toBe(sightKey(shown, b, true))
  expect(sightKey(NOTHING_SHOWN, a, true)).toBe(sightKey(NOTHING_SHOWN, b, true))
})

test('members of teams without things share a key; a thing of one of the teams parts them, and its end joins them', () => {
  const sight = { isAdmin: false, teamId: null, serverId: null }
  const [a, b] = [0, 1].map((n) =>
    visibilityClass({ ...sight, userId: users[n] as UserId, teams: [teams[n] as TeamId] }),
  ) as [ReturnType<typeof visibilityClass>, ReturnType<typeof visibilityClass>]
  const thing: Owned = { ownerId: users[2], teamId: teams[0], visibility: 'team' }
  expect(sightKey(NOTHING_SHOWN, a, false)).toBe(sightKey(NOTHING_SHOWN, b, false))
  const shown = shownOf([thing])
  expect(sightKey(shown, a, false)).not.toBe(sightKey(shown, b, false))
  const edit = new ShownEdit(shown)
  edit.replace(thing, { ...thing, visibility: 'public' })
  expect(sightKey(edit.done(), a, false)).toBe(sightKey(edit.done(), b, false))
})

test('counting what comes and goes ends where counting what is left does', () => {
  fc.assert(
    fc.property(fc.array(anyThing), fc.array(anyThing), (stay, go) => {
      const edit = new ShownEdit(NOTHING_SHOWN)
      for (const thing of [...stay, ...go]) edit.replace(undefined, thing)
      for (const thing of go) edit.replace(thing, undefined)
      const left = shownOf(stay)
      for (const kind of ['teams', 'owners'] as const)
        expect(new Map(edit.done()[kind].entries())).toEqual(new Map(left[kind].entries()))
    }),
  )
})

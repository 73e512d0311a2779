import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TeamId, UserId } from '#/access/ids.ts'
import type { Owned } from '#/access/principal.ts'
import { meant, type Namesake } from './namesake.ts'

const USERS = [UserId.mint(), UserId.mint()]
const TEAM = TeamId.mint()

const bearer: fc.Arbitrary<Namesake> = fc.record({
  id: fc.uuid(),
  createdAt: fc.constantFrom('2030-01-01T00:00:00.000000Z', '2030-01-02T00:00:00.000000Z'),
  ownerId: fc.constantFrom(...USERS, null),
  teamId: fc.constantFrom(TEAM, null),
  visibility: fc.constantFrom<Owned['visibility']>('private', 'team', 'public'),
})
const bearers = fc.uniqueArray(bearer, { selector: ({ id }) => id, maxLength: 8 })
const home = fc.record({ ownerId: fc.constantFrom(...USERS), teamId: fc.constantFrom(TEAM, null) })

test('who is meant does not depend on the order in which they are found', () => {
  fc.assert(
    fc.property(bearers, home, (all, at) => {
      expect(meant(all.toReversed(), at)).toBe(meant(all, at))
    }),
  )
})

test('one of another team, or of another alone, is never meant; one of the own is before all others', () => {
  fc.assert(
    fc.property(bearers, home, (all, at) => {
      const one = meant(all, at)
      const own = all.filter(({ ownerId, teamId }) => ownerId === at.ownerId && teamId === at.teamId)
      const shown = all.filter(({ teamId, visibility }) => teamId === at.teamId && visibility !== 'private')
      if (one === undefined) expect([...own, ...shown]).toEqual([])
      else expect(own.length > 0 ? own : shown).toContain(one)
    }),
  )
})

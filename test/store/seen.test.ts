import { expect, test } from 'vitest'
import { ServerId, TeamId, UserId } from '#/access/ids.ts'
import { visibilityClass } from '#/access/visibility.ts'
import { seenBy } from '#/store/seen.ts'
import { testDatabase } from '../support/database.ts'

const users = [UserId.mint(), UserId.mint()]
const teams = [TeamId.mint(), TeamId.mint()]

test('the database shows of every thing to every sight what its class sees', async () => {
  await using database = await testDatabase()
  for (const id of users) await database.sql('INSERT INTO users (id, email) VALUES ($1, $2)', [id, id])
  for (const id of teams) await database.sql('INSERT INTO teams (id, name, slug) VALUES ($1, $2, $3)', [id, id, id])
  for (const ownerId of [null, ...users])
    for (const teamId of [null, ...teams])
      for (const visibility of ['private', 'team', 'public'])
        await database.sql(
          'INSERT INTO servers (id, name, owner_id, team_id, visibility) VALUES ($1, $2, $3, $4, $5)',
          [ServerId.mint(), ServerId.mint(), ownerId, teamId, visibility],
        )
  const read = database.db.read('tests')
  const things = (await read.selectFrom('servers').select(['id', 'owner_id', 'team_id', 'visibility']).execute()).map(
    ({ id, owner_id, team_id, visibility }) => ({
      id,
      ownerId: owner_id as UserId | null,
      teamId: team_id as TeamId | null,
      visibility,
    }),
  )
  expect(things).toHaveLength(27)
  for (const userId of users)
    for (const isAdmin of [true, false])
      for (const member of [[], teams.slice(0, 1), teams])
        for (const teamId of [null, ...teams]) {
          const { sight, sees } = visibilityClass({ userId, isAdmin, teams: member, teamId, serverId: null })
          const rows = await read.selectFrom('servers as v').select('v.id').where(seenBy('v', sight)).execute()
          const seen = things.filter(sees).map(({ id }) => id)
          expect(rows.map(({ id }) => id).toSorted()).toEqual(seen.toSorted())
        }
})

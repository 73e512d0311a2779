import { expect, test } from 'vitest'
import { openCatalog } from '#/catalog/keeper.ts'
import { UserId } from '#/access/ids.ts'
import { catalogReader } from '#/store/catalog-store.ts'
import { freshIn } from '../../src/routes.ts'
import { testDatabase } from '../support/database.ts'

const log = { info: () => {}, warn: () => {} }

test('who was made a moment ago by another worker is known before it is said what would become of it', async () => {
  await using database = await testDatabase()
  const { db } = database
  // It hears of nothing by itself.
  await using catalog = await openCatalog({ reader: catalogReader(db), log, pollMs: 60_000 })
  const fresh = freshIn(db, catalog)
  const id = UserId.mint()
  await db.write('tests', async (tx) => {
    await tx.sql.insertInto('users').values({ id, email: 'ann@example.com' }).execute()
    tx.changed('user', id)
  })
  expect(catalog.current.user(id)).toBeUndefined()
  expect((await fresh()).user(id)?.email).toBe('ann@example.com')
})

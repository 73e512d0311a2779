import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { UserId } from '#/access/ids.ts'
import { openCatalog } from '#/catalog/keeper.ts'
import { patience, patiently } from '#/lib/patience.ts'
import { catalogReader } from '#/store/catalog-store.ts'
import { openDatabase } from '#/store/database.ts'
import type { WriteTx } from '#/store/store.ts'
import { testDatabase } from '../support/database.ts'
import { databaseRelay, type RelayMode } from '../support/database-relay.ts'
import { quiet } from '../support/quiet.ts'

const one = sql<number>`1`.as('one')
const change = async (tx: WriteTx): Promise<void> => tx.changed('user', UserId.mint())

test.for<RelayMode>(['deaf', 'stalled'])(
  'a request whose database falls silent (%s) between any two of its steps runs out of patience once',
  async (mode) => {
    await using stack = new AsyncDisposableStack()
    const database = stack.use(await testDatabase())
    const relay = stack.use(await databaseRelay(database.url))
    const db = stack.use(await openDatabase({ url: relay.url, poolSize: 3, log: quiet }))
    const catalog = stack.use(await openCatalog({ reader: catalogReader(db), log: quiet }))
    const failures: string[] = []
    const failed = (error: Error): void => void failures.push(error.message)
    const ms = await patiently(async () => {
      const { seq } = await db.write('tests', change)
      const began = performance.now()
      relay.set(mode)
      await catalog.applied((seq ?? 0) + 1, patience().leftMs()).catch(failed)
      await db.read('tests').selectNoFrom(one).execute().catch(failed)
      await db.write('tests', change).catch(failed)
      await db.statement('tests', () => sql`SELECT 1`).catch(failed)
      return performance.now() - began
    })
    relay.set('open')
    // Each of the four would wait that long alone.
    expect(ms).toBeLessThan(1_000)
    expect(failures).toHaveLength(4)
    const { value } = await db.write('tests', async () => 'again').catch(() => db.write('tests', async () => 'again'))
    expect(value).toBe('again')
  },
)

import { sql } from 'kysely'
import type { Canary, CanaryStore } from '#/access/canaries.ts'
import type { Database } from './store.ts'

/** Canaries of the key ring in PostgreSQL. */
export function canaryStore(db: Database): CanaryStore {
  return {
    async settle(canaries) {
      const { value } = await db.write('keys', async (tx): Promise<readonly Canary[]> => {
        // Two starts with different rings on an empty database must not both find it empty.
        await sql`LOCK TABLE key_canaries IN SHARE ROW EXCLUSIVE MODE`.execute(tx.sql)
        const stored = await tx.sql.selectFrom('key_canaries').select(['key_id', 'sealed']).execute()
        const known = stored.map(({ key_id: keyId, sealed }) => ({ keyId, sealed }))
        const absent = canaries.filter(({ keyId }) => !known.some((each) => each.keyId === keyId))
        const fits = known.every(({ keyId }) => canaries.some((each) => each.keyId === keyId))
        if (absent.length === 0 || !fits) return known
        await tx.sql
          .insertInto('key_canaries')
          .values(absent.map(({ keyId, sealed }) => ({ key_id: keyId, sealed })))
          .execute()
        return [...known, ...absent]
      })
      return value
    },
  }
}

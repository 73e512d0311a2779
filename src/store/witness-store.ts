import { sql } from 'kysely'
import type { SeenEnd, WitnessStore } from '#/audit/keep-witness.ts'
import type { RestoringAction } from '#/audit/witness.ts'
import type { Database } from './store.ts'

const RESTORED: RestoringAction = 'database.restore'

/** What a machine looks at of the audit log whenever there is something new. */
export function witnessStore(db: Pick<Database, 'read'>): WitnessStore {
  const read = db.read('audit')
  return {
    seen: async (known) => {
      const row = await read
        .selectFrom(
          sql<SeenEnd & { readonly isSealed: boolean }>`(
            SELECT audit_seq AS seq, encode(audit_head, 'hex') AS head, audit_key IS NOT NULL AS "isSealed",
              coalesce((SELECT previous FROM audit_log WHERE seal IS NOT NULL ORDER BY seq LIMIT 1), audit_seq) AS "sealedAfter",
              (SELECT max(seq) FROM audit_log WHERE action = ${RESTORED} AND seq > ${known}) AS restored
            FROM change_clock)`.as('seen'),
        )
        .selectAll()
        .executeTakeFirstOrThrow()
      const { isSealed, ...seen } = row
      return isSealed ? seen : null
    },
  }
}

import { sealsOf } from './chain-seal.ts'
import type { AuditKeyStore, MakeAuditKey } from '#/keys/audit-key.ts'
import type { Database, WriteTx } from './store.ts'

const SOURCE = 'keys'

/** The keys of the audit log in PostgreSQL. */
export function auditKeyStore(db: Database): AuditKeyStore {
  return {
    begin: async (make) => {
      const { value } = await db.write(SOURCE, async (tx) => {
        const end = await taken(tx)
        if (end.audit_key !== null) return null
        const refusals = await tx.sql
          .selectFrom('security_head')
          .select(['n as seq', 'head'])
          .forUpdate()
          .executeTakeFirstOrThrow()
        const { id, key, sealed } = make(null)
        const state = sealsOf('audit').start(key, { seq: end.audit_seq, head: end.audit_head })
        await tx.together(
          tx.sql.insertInto('audit_keys').values({ id, sealed }).compile(),
          tx.sql.updateTable('change_clock').set({ audit_key: id, audit_seal: state }).compile(),
          tx.sql
            .updateTable('security_head')
            .set({ seal: sealsOf('security').start(key, refusals) })
            .compile(),
        )
        return end.audit_seq
      })
      return value
    },
  }
}

/** A new key for the records that come from now on. A log that is not sealed stays so: the next start begins. */
export async function renewAuditKey(tx: WriteTx, make: MakeAuditKey): Promise<void> {
  const { audit_key: before } = await taken(tx)
  if (before === null) return
  const { id, sealed } = make(before)
  await tx.together(
    tx.sql.insertInto('audit_keys').values({ id, sealed }).compile(),
    tx.sql.updateTable('change_clock').set({ audit_key: id }).compile(),
  )
}

async function taken({ sql }: WriteTx) {
  return await sql
    .selectFrom('change_clock')
    .select(['audit_key', 'audit_seq', 'audit_head'])
    .forUpdate()
    .executeTakeFirstOrThrow()
}

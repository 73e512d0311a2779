import { sql } from 'kysely'
import type { KeyStore, ResealedText, SealedPlace, SealedText } from '#/keys/keys.ts'
import { renewAuditKey } from './audit-key-store.ts'
import { leases } from './leases.ts'
import type { Database } from './store.ts'

const SOURCE = 'keys'
const LEASE = 'keys'

interface Column {
  readonly table: 'gateways' | 'tools' | 'audit_keys'
  readonly column: string
  /** What is to be read again; null: nobody has read it. */
  readonly kind: 'gateway' | 'tool' | null
}

const COLUMNS: Readonly<Record<SealedPlace, Column>> = {
  'gateways.credential': { table: 'gateways', column: 'credential', kind: 'gateway' },
  'gateways.env': { table: 'gateways', column: 'env', kind: 'gateway' },
  'gateways.client_key': { table: 'gateways', column: 'client_key', kind: 'gateway' },
  'tools.credential': { table: 'tools', column: 'credential', kind: 'tool' },
  'audit_keys.sealed': { table: 'audit_keys', column: 'sealed', kind: null },
}

/** Sealed texts in PostgreSQL, wherever they are kept. */
export function sealedStore(db: Database): KeyStore {
  const read = db.read(SOURCE)
  return {
    counts: async () => {
      const all = Object.values(COLUMNS).map(
        ({ table, column }) =>
          sql`SELECT split_part(${sql.ref(column)}, '.', 2) AS id FROM ${sql.table(table)} WHERE ${sql.ref(column)} IS NOT NULL`,
      )
      const rows = await read
        .selectFrom(
          sql<Counted>`(
          SELECT id, count(*)::int AS count FROM (${sql.join(all, sql` UNION ALL `)}) AS one GROUP BY id)`.as(
            'counted',
          ),
        )
        .selectAll()
        .execute()
      return new Map(rows.map(({ id, count }) => [id, count]))
    },
    others: async (place, keyId, limit) => {
      const { table, column } = COLUMNS[place]
      return await read
        .selectFrom(
          sql<SealedText>`(
          SELECT id, ${sql.ref(column)} AS sealed FROM ${sql.table(table)}
          WHERE ${sql.ref(column)} IS NOT NULL AND split_part(${sql.ref(column)}, '.', 2) <> ${keyId}
          ORDER BY id LIMIT ${limit})`.as('other'),
        )
        .selectAll()
        .execute()
    },
    replace: (place, texts) => replace(db, COLUMNS[place], texts),
    ...recording(db),
    claim: (holder, ms) => leases(db).claim(LEASE, holder, ms),
    release: (holder) => leases(db).release(LEASE, holder),
  }
}

function recording(db: Database): Pick<KeyStore, 'added' | 'rotated' | 'forgotten'> {
  return {
    added: async (keyId, actor) => {
      await db.write(SOURCE, async (tx) =>
        tx.audit({ actor: actor.by, action: 'keys.add', targetKind: 'key', targetId: keyId, detail: { name: keyId } }),
      )
    },
    rotated: async (rotation, actor, make) => {
      await db.write(SOURCE, async (tx) => {
        await renewAuditKey(tx, make)
        tx.audit({
          actor: actor.by,
          action: 'keys.rotate',
          targetKind: 'key',
          targetId: rotation.to,
          detail: { name: rotation.to, ...rotation },
        })
      })
    },
    forgotten: async (keyId, actor) => {
      await db.write(SOURCE, async (tx) => {
        await tx.sql.deleteFrom('key_canaries').where('key_id', '=', keyId).execute()
        tx.audit({
          actor: actor.by,
          action: 'keys.forget',
          targetKind: 'key',
          targetId: keyId,
          detail: { name: keyId },
        })
      })
    },
  }
}

interface Counted {
  readonly id: string
  readonly count: number
}

/** The version stays: what a client read is still what is there. */
async function replace(db: Database, { table, column, kind }: Column, texts: readonly ResealedText[]): Promise<number> {
  const { value } = await db.write(SOURCE, async (tx) => {
    const { rows } = await sql<{ id: string }>`
      UPDATE ${sql.table(table)} AS kept SET ${sql.ref(column)} = given.anew
      FROM unnest(${texts.map(({ id }) => id)}::text[], ${texts.map(({ sealed }) => sealed)}::text[],
        ${texts.map(({ anew }) => anew)}::text[]) AS given (id, sealed, anew)
      WHERE kept.id = given.id AND kept.${sql.ref(column)} = given.sealed
      RETURNING kept.id`.execute(tx.sql)
    if (kind !== null) tx.changed(kind, ...rows.map(({ id }) => id))
    return rows.length
  })
  return value
}

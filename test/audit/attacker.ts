import { Client } from 'pg'
import { nextHead, recordHash } from '#/store/audit-record.ts'

/** A row of the audit log, as somebody sees it who may read and write every table. */
export interface Row {
  seq: number
  at: Date
  actor: string
  action: string
  target_kind: string
  target_id: string
  detail: string
  record_hash: Buffer
  head: Buffer
  previous: number
  key_id: string | null
  seal: Buffer | null
}

export interface Attacker extends AsyncDisposable {
  sql(text: string, values?: readonly unknown[]): Promise<void>
  rows(): Promise<Row[]>
  /** Replaces the log by these rows: all hashes and heads computed anew, and the clock put to their end. */
  rewrite(rows: readonly Row[]): Promise<void>
  /** All tables that have to do with the log, to be put back later. */
  copy(): Promise<() => Promise<void>>
}

const TABLES = ['audit_log', 'change_clock', 'audit_keys', 'changes', 'security_log', 'security_head']

/** The owner of the database, who does not hold the key ring. */
export async function attackerOf(url: string): Promise<Attacker> {
  const client = new Client(url)
  await client.connect()
  const sql = async (text: string, values: readonly unknown[] = []): Promise<void> => {
    await client.query(text, [...values])
  }
  return {
    sql,
    rows: async () => {
      const { rows } = await client.query<Row>(
        `SELECT seq::int, at, actor, action, target_kind, target_id, detail, record_hash, head, previous::int, key_id, seal
         FROM audit_log ORDER BY seq`,
      )
      return rows
    },
    rewrite: async (rows) => {
      await sql('DELETE FROM audit_log')
      let head = Buffer.alloc(0)
      for (const row of rows) {
        const hash = recordHash({ ...row, targetKind: row.target_kind, targetId: row.target_id })
        head = Buffer.from(nextHead(head, hash, row.seq))
        const values = [row.seq, row.at, row.actor, row.action, row.target_kind, row.target_id, row.detail]
        await sql('INSERT INTO audit_log VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)', [
          ...values,
          hash,
          head,
          row.previous,
          row.key_id,
          row.seal,
        ])
      }
      await sql('UPDATE change_clock SET seq = $1, audit_seq = $1, audit_head = $2', [rows.at(-1)?.seq ?? 0, head])
    },
    copy: async () => {
      for (const table of TABLES)
        await sql(`DROP TABLE IF EXISTS copy_${table}; CREATE TABLE copy_${table} AS TABLE ${table}`)
      return async () => {
        for (const table of TABLES)
          await sql(`TRUNCATE ${table} CASCADE; INSERT INTO ${table} SELECT * FROM copy_${table}`)
      }
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}

import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import type { OpenAuditKey } from '#/audit/seals.ts'
import { openArchive, writeArchive, type OpenArchive } from '#/backup/archive.ts'
import { openDump } from '#/store/archive-dump.ts'
import { restoreDump } from '#/store/archive-restore.ts'
import { quiet } from '../support/quiet.ts'

export const PASSPHRASE = 'a passphrase for tests'
const SECRETS = { keyRing: '{}', adminToken: null }

/** A folder for archives that goes with the test. */
export async function folder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'causeway-backup-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

export async function archived(url: string, path: string): Promise<OpenArchive> {
  await using dump = await openDump(url)
  await using file = await open(path, 'w')
  const { migrations, postgres, tables } = dump
  await writeArchive(file, {
    about: { product: 'test', madeAt: new Date().toISOString() },
    passphrase: PASSPHRASE,
    opening: { migrations, postgres, tables, secrets: SECRETS },
    rows: dump.rows(),
  })
  return await openArchive(path, PASSPHRASE)
}

export async function restored(
  archive: OpenArchive,
  url: string,
  { replace = false, ...keys }: { readonly replace?: boolean; readonly auditKey?: OpenAuditKey } = {},
): Promise<void> {
  await restoreDump({
    ...keys,
    url,
    replace,
    log: quiet,
    signal: AbortSignal.timeout(60_000),
    opening: archive.opening,
    rows: archive.rows(),
    detail: {},
    progress: () => undefined,
    beforeCommit: () => Promise.resolve(),
  })
}

/** Every row of every table as text. What a restore is to change by itself is not among it. */
export async function everything(url: string): Promise<Record<string, readonly string[]>> {
  const client = new Client(url)
  await client.connect()
  try {
    await client.query(`SET timezone = 'UTC'`)
    const { rows } = await client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1`,
    )
    const out: Record<string, readonly string[]> = {}
    for (const { name } of rows.filter((row) => !['change_clock', 'changes', 'leases'].includes(row.name))) {
      const where = name === 'audit_log' ? `WHERE action <> 'database.restore'` : ''
      const columns = name === 'schema_migrations' ? 'name, checksum' : '*'
      const found = await client.query<{ t: string }>(
        `SELECT t::text AS t FROM (SELECT ${columns} FROM ${name} ${where}) AS t ORDER BY 1`,
      )
      out[name] = found.rows.map(({ t }) => t)
    }
    return out
  } finally {
    await client.end()
  }
}

/** Rows that are hard to carry: every type, odd texts, and the nulls of JSON and of SQL. */
export async function fillOddly(url: string): Promise<void> {
  const client = new Client(url)
  await client.connect()
  try {
    const id = (n: number): string => n.toString(16).padStart(32, '0')
    await client.query(`INSERT INTO users (id, email, full_name) VALUES ($1, 'o''hara "x"@example.com', '')`, [id(1)])
    await client.query(
      `INSERT INTO gateways (id, name, slug, url, description, owner_id, tags, auth_hint)
       VALUES ($1, 'odd', 'odd', 'http://x', $2, $3, '[{"id": "a", "n": 12345678901234567890.123}]', 'null'), ($4, 'even', 'even', 'http://y', NULL, NULL, '[]', NULL)`,
      [id(2), 'tab\t newline\n quote" back\\slash \u{1F309} ￿ \u2028 [1,2] \\u0041', id(1), id(3)],
    )
    await client.query(
      `INSERT INTO key_canaries VALUES ('a', 'x', '0099-01-01 00:00:00.123456+00'), ('b', 'y', 'infinity'), ('c', '', '0044-03-15 BC')`,
    )
    await client.query(
      `INSERT INTO usage_records SELECT now(), 'r' || n, NULL, NULL, 'tools/call', 'tool', NULL, NULL, NULL, 'modern', NULL,
         9007199254740991, 'rule', NULL, 1, 0.1, 1.1754944e-38, 'Infinity', n, n, 'ok', n % 2 = 0
       FROM generate_series(1, 12345) AS n`,
    )
    await client.query(
      `INSERT INTO tokens (id, user_id, name, hash, hint, permissions) VALUES ($1, $2, 't', '\\x00ff5c0a', 'cw_', NULL)`,
      [id(4), id(1)],
    )
  } finally {
    await client.end()
  }
}

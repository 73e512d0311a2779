/** Writes src/store/schema.ts from a migrated database. `--check` writes nothing and fails on a difference. DATABASE_URL or, unset, a throw-away one. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { migrate } from '#/store/migrate.ts'
import { startEmbedded } from '#/supervisor/embedded-postgres.ts'
import { schemaSource, type Column } from './schema-source.ts'

const TARGET = new URL('../src/store/schema.ts', import.meta.url)
const quiet = { info: () => undefined, warn: console.warn, error: console.error }

const wanted = await generated()
if (!process.argv.includes('--check')) {
  await writeFile(TARGET, wanted)
} else if ((await readFile(TARGET, 'utf8')) !== wanted) {
  console.error('src/store/schema.ts is not what sql/ makes: run node scripts/generate-schema.ts')
  process.exitCode = 1
}

async function generated(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-schema-'))
  await chmod(folder, 0o711)
  try {
    await using server = await startEmbedded({ dataDir: folder, log: quiet, settings: { fsync: 'off' } })
    await migrate({ url: server.url, log: quiet, signal: AbortSignal.timeout(60_000) })
    return schemaSource(await columnsOf(server.url))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function columnsOf(url: string): Promise<readonly Column[]> {
  const client = new Client(url)
  await client.connect()
  try {
    const { rows } = await client.query<Column>(`
      SELECT table_name AS "table", column_name AS name, coalesce(domain_name, udt_name) AS type,
        is_nullable = 'YES' AS nullable, column_default IS NOT NULL OR is_identity = 'YES' AS defaulted
      FROM information_schema.columns
      WHERE table_schema = 'public' AND table_name <> 'schema_migrations'
      ORDER BY table_name, ordinal_position`)
    return rows
  } finally {
    await client.end()
  }
}

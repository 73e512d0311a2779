/** Writes src/store/schema.ts from a database that is migrated for it. `--check` writes nothing and fails on a difference. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '#/store/migrate.ts'
import { startEmbedded } from '#/supervisor/embedded-postgres.ts'
import { columnsOf, schemaSource } from './schema-source.ts'

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

import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import type { TestProject } from 'vitest/node'
import { migrate } from '../../src/store/migrate.ts'
import { startEmbedded } from '../../src/supervisor/embedded-postgres.ts'
import { quiet } from './quiet.ts'
import { nameIn } from './urls.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The server that all tests of a run share; databases are made from the template `migrated`. */
    databaseServer: string
  }
}

/** One PostgreSQL for the whole run, with a migrated template. It lives in a folder of its own and goes with the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-test-'))
  // The database's own account passes through.
  await chmod(folder, 0o711)
  const settings = { fsync: 'off', max_connections: '200', shared_buffers: '64MB' }
  const server = await startEmbedded({ dataDir: folder, log: quiet, settings })
  const admin = new Client(server.url)
  await admin.connect()
  await admin.query('CREATE DATABASE migrated')
  await admin.end()
  await migrate({ url: nameIn(server.url, 'migrated'), log: quiet, signal: AbortSignal.timeout(30_000) })
  project.provide('databaseServer', server.url)
  return async () => {
    await server[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }
}

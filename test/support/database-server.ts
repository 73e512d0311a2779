import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import type { TestProject } from 'vitest/node'
import { migrate } from '../../src/store/migrate.ts'
import { startEmbedded } from '../../src/supervisor/embedded-postgres.ts'
import { giveCluster, MADE } from './made-cluster.ts'
import { quiet } from './quiet.ts'

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
  await makeCluster(join(folder, 'made'))
  await giveCluster(folder)
  const settings = { fsync: 'off', max_connections: '200', shared_buffers: '64MB' }
  const server = await startEmbedded({ dataDir: folder, log: quiet, settings })
  const admin = new Client(server.url)
  await admin.connect()
  await admin.query('CREATE DATABASE migrated TEMPLATE causeway STRATEGY file_copy')
  await admin.end()
  project.provide('databaseServer', server.url)
  return async () => {
    await server[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }
}

/** An embedded cluster, migrated and stopped: this server begins with a copy, and so does every gateway with one of its own. */
async function makeCluster(dataDir: string): Promise<void> {
  await mkdir(dataDir, { mode: 0o711 })
  const server = await startEmbedded({ dataDir, log: quiet, settings: { fsync: 'off' } })
  await migrate({ url: server.url, log: quiet, signal: AbortSignal.timeout(60_000) })
  await server[Symbol.asyncDispose]()
  process.env[MADE] = join(dataDir, 'postgres')
}

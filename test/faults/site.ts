import { randomUUID } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { runningEmbeddedUrl, startEmbedded } from '../../src/supervisor/embedded-postgres.ts'
import { startSlowServer, type SlowServer } from '../fixtures/slow-server.ts'
import { databaseRelay, type DatabaseRelay } from '../support/database-relay.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { signalTree } from '../support/processes.ts'
import { quiet } from '../support/quiet.ts'
import { nameIn } from '../support/urls.ts'

/** A PostgreSQL of one test file's own, to be stopped, killed and changed. One that is killed comes back by itself. */
export interface OwnPostgres extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  /** A new, empty database. */
  database(): Promise<string>
  /** To the server's processes, all of them. */
  signal(signal: NodeJS.Signals): void
}

export async function ownPostgres(): Promise<OwnPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'cw-pg-'))
  await chmod(folder, 0o711)
  const log = { ...quiet, error: () => undefined }
  const server = await startEmbedded({ dataDir: folder, log, settings: { fsync: 'off', shared_buffers: '32MB' } })
  return {
    url: server.url,
    get pid() {
      return server.pid
    },
    async database() {
      const name = `d_${randomUUID().slice(0, 8)}`
      await sql(server.url, `CREATE DATABASE ${name}`)
      return nameIn(server.url, name)
    },
    signal(name) {
      signalTree(server.pid, name)
    },
    async [Symbol.asyncDispose]() {
      // A test that failed may have left it frozen.
      signalTree(server.pid, 'SIGCONT')
      await server[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    },
  }
}

/** Of the PostgreSQL that a gateway runs itself. */
export async function embeddedUrl({ dataDir }: RunningGateway): Promise<string> {
  const url = await runningEmbeddedUrl(dataDir)
  if (url === null) throw new Error(`this account may not look into the database of ${dataDir}`)
  return url
}

/** One statement on a connection of its own. */
export async function sql<Row extends Record<string, unknown>>(url: string, text: string): Promise<readonly Row[]> {
  const client = new Client(url)
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
  }
}

/** A gateway of two workers before a slow server, its database behind a relay. */
export interface FaultSite extends AsyncDisposable {
  readonly gateway: RunningGateway
  readonly upstream: SlowServer
  readonly relay: DatabaseRelay
  /** Past the relay. */
  readonly databaseUrl: string
  /** What /mcp calls the upstream's tool that says its text. */
  readonly echo: string
}

export async function faultSite(databaseUrl: string, env: Readonly<Record<string, string>> = {}): Promise<FaultSite> {
  await using building = new AsyncDisposableStack()
  const upstream = building.use(await startSlowServer())
  const relay = building.use(await databaseRelay(databaseUrl))
  const gateway = building.use(await startGateway({ env: { CAUSEWAY_WORKERS: '2', DATABASE_URL: relay.url, ...env } }))
  const { slug } = await gateway.register('faulty', upstream.at('legacy'))
  const owned = building.move()
  return {
    gateway,
    upstream,
    relay,
    databaseUrl,
    echo: `${slug}-echo`,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Waits for something to become so; the time it took. Throws what it last saw otherwise. */
export async function until(what: string, isSo: () => Promise<boolean> | boolean, withinMs: number): Promise<number> {
  const began = performance.now()
  while (!(await isSo())) {
    if (performance.now() - began > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`)
    await sleep(20)
  }
  return performance.now() - began
}

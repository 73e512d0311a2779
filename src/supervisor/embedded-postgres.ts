import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { unprivilegedAccount } from './embedded-account.ts'
import { usableBinaries } from './embedded-binaries.ts'
import { DATABASE, openCluster, USER } from './embedded-cluster.ts'
import { lockFolder } from './embedded-lock.ts'
import type { EmbeddedLog } from './embedded-log.ts'
import { keepServer } from './embedded-keeper.ts'
import { removeIfApart, socketFolder } from './embedded-paths.ts'

export interface EmbeddedOptions {
  /** The data folder; the database lives in `<dataDir>/postgres`. */
  readonly dataDir: string
  readonly log: EmbeddedLog
  /** PostgreSQL settings beside ours. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface EmbeddedPostgres extends AsyncDisposable {
  /** Through a unix socket; the same for as long as this lives. */
  readonly url: string
  /** Of the server that runs now: one that ends by itself is started again. */
  readonly pid: number
  /** Rejects when the server cannot be kept running. */
  readonly failed: Promise<never>
}

/**
 * Starts the PostgreSQL that npm brought along, on the data folder's own cluster. The folder is locked to one instance.
 * Throws StartError with a sentence that says what to do. Disposing stops the server and waits for it.
 */
export async function startEmbedded({ dataDir, log, settings = {} }: EmbeddedOptions): Promise<EmbeddedPostgres> {
  await using building = new AsyncDisposableStack()
  building.use(await lockFolder(dataDir))
  const account = await unprivilegedAccount()
  const binaries = await usableBinaries(account, join(dataDir, 'native'))
  const cluster = await openCluster(join(dataDir, 'postgres'), account, binaries)
  const sockets = await socketFolder(dataDir, account)
  building.defer(() => removeIfApart(sockets, dataDir))
  const server = building.use(await keepServer({ account, binaries, data: cluster.data, sockets, log, settings }))
  const owned = building.move()
  return {
    url: urlOf(cluster.password, sockets),
    get pid() {
      return server.pid
    },
    failed: server.failed,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function urlOf(password: string, sockets: string): string {
  return `postgresql://${USER}:${password}@localhost/${DATABASE}?host=${encodeURIComponent(sockets)}`
}

/** Of the server that another process runs on this folder; null where this account may not know. */
export async function runningEmbeddedUrl(dataDir: string): Promise<string | null> {
  try {
    const password = await readFile(join(dataDir, 'postgres', 'password'), 'utf8')
    return urlOf(password, await socketFolder(dataDir, await unprivilegedAccount()))
  } catch {
    return null
  }
}

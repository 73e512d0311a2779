import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { blockedAt, giveTo, spawnAs, type Account } from './embedded-account.ts'
import type { Binaries } from './embedded-binaries.ts'
import { StartError } from '#/errors/start-error.ts'
import { finished } from './embedded-run.ts'

export const MAJOR = '18'
export const USER = 'causeway'
export const DATABASE = 'causeway'

export interface Cluster {
  /** PostgreSQL's own folder. */
  readonly data: string
  readonly password: string
}

/** The cluster in `<folder>/data`, made if there is none. Its folder is 0700 and the account's own. */
export async function openCluster(folder: string, account: Account | null, binaries: Binaries): Promise<Cluster> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await giveTo(account, folder)
  await chmod(folder, 0o700)
  const blocked = await blockedAt(account, folder)
  if (blocked !== undefined) {
    throw new StartError(
      `PostgreSQL refuses to run as root, and the account 'nobody' may not enter ${blocked}: ` +
        'set CAUSEWAY_DATA_DIR to a folder that every account can reach (for instance /var/lib/causeway), or chmod o+x that one',
    )
  }
  const data = join(folder, 'data')
  const version = await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => undefined)
  if (version === undefined) await createCluster(folder, account, binaries)
  else if (version.trim() !== MAJOR) throw wrongVersion(data, version.trim())
  return { data, password: await readFile(join(folder, 'password'), 'utf8') }
}

function wrongVersion(data: string, version: string): StartError {
  return new StartError(
    `${data} belongs to PostgreSQL ${version}; this Causeway carries ${MAJOR}. Start a PostgreSQL ${version} on that folder and set ` +
      `DATABASE_URL to it, or pg_dump it there and restore into an empty data folder; nothing was changed`,
  )
}

/** Made aside and moved into place when it is complete, so that a start that is killed leaves nothing half-made. */
async function createCluster(folder: string, account: Account | null, { initdb, postgres }: Binaries): Promise<void> {
  const half = join(folder, 'data.new')
  const passwordFile = join(folder, 'password')
  await rm(half, { recursive: true, force: true })
  await writeFile(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 })
  await giveTo(account, passwordFile)
  const flags = [
    '--auth=scram-sha-256',
    '-E',
    'UTF8',
    '--locale-provider=builtin',
    '--locale=C.UTF-8',
    '--no-instructions',
  ]
  await step(finished(spawnAs(account, [initdb, '-D', half, '-U', USER, '--pwfile', passwordFile, ...flags])))
  await step(
    finished(spawnAs(account, [postgres, '--single', '-D', half, 'postgres']), `CREATE DATABASE ${DATABASE}\n`),
  )
  await rename(half, join(folder, 'data'))
}

async function step(program: ReturnType<typeof finished>): Promise<void> {
  const { code, output } = await program
  if (code !== 0) throw new StartError(`the embedded database could not be created: ${output}`)
}

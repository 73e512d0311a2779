import { randomBytes } from 'node:crypto'
import { chmod, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '#/lib/make-folder.ts'
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
  await makeFolder(folder, 0o700)
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
    `${data} belongs to PostgreSQL ${version}; this Causeway carries ${MAJOR}, and nothing was changed. Take everything along: ` +
      `causeway backup FILE with the Causeway that ran on it last (or with DATABASE_URL naming a PostgreSQL ${version} on that folder), ` +
      'then here causeway restore FILE --replace, which keeps the old folder aside',
  )
}

/**
 * Moves a cluster of another major version out of the way, where it stays as it is. Returns where it is now; null: there is none. The
 * caller holds the folder's lock.
 */
export async function setAsideOtherMajor(folder: string): Promise<string | null> {
  const version = await readFile(join(folder, 'data', 'PG_VERSION'), 'utf8').catch(() => MAJOR)
  if (version.trim() === MAJOR) return null
  const aside = `${folder}-${version.trim()}`
  const isTaken = await stat(aside).then(
    () => true,
    () => false,
  )
  if (isTaken) throw new StartError(`${aside} is there already: move or remove it, then try again`)
  await rename(folder, aside)
  return aside
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

import { createHash } from 'node:crypto'
import { chmod, lstat, mkdir, realpath, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeFolder } from '#/lib/make-folder.ts'
import { giveTo, type Account } from './embedded-account.ts'
import { StartError } from '#/errors/start-error.ts'

/** A unix socket's path has 107 bytes at most, on some systems 103. */
const LONGEST_SOCKET_PATH = 103

/** `name` in the data folder if a socket can be there, else in a folder below the temporary one that is named after it. */
export async function socketPath(dataDir: string, name: string): Promise<string> {
  const near = join(dataDir, name)
  if (Buffer.byteLength(near) <= LONGEST_SOCKET_PATH) return near
  return join(await privateFolder(dataDir, 'c'), name)
}

/** Where PostgreSQL listens: a folder that is 0700 and the account's own. */
export async function socketFolder(dataDir: string, account: Account | null): Promise<string> {
  const near = join(dataDir, 'postgres', 'run')
  const short = Buffer.byteLength(join(near, '.s.PGSQL.5432.lock')) <= LONGEST_SOCKET_PATH
  const folder = short ? near : await privateFolder(dataDir, 'p', account)
  await makeFolder(folder, 0o700)
  await giveTo(account, folder)
  await chmod(folder, 0o700)
  return folder
}

/** Removes a socket's folder that is not the data folder's own, unless something is left in it. */
export async function removeIfApart(folder: string, dataDir: string): Promise<void> {
  if (!folder.startsWith(dataDir)) await rmdir(folder).catch(() => undefined)
}

/** A name that others cannot know is not enough in a shared folder: what lies there must be a folder and ours. */
async function privateFolder(dataDir: string, prefix: string, account: Account | null = null): Promise<string> {
  const hash = createHash('sha256')
    .update(await realpath(dataDir))
    .digest('hex')
    .slice(0, 16)
  const folder = join(tmpdir(), `causeway-${prefix}${hash}`)
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  const found = await lstat(folder)
  const owners: readonly (number | undefined)[] = [process.getuid?.(), account?.uid]
  if (!found.isDirectory() || (process.getuid !== undefined && !owners.includes(found.uid))) {
    throw new StartError(`${folder} belongs to somebody else: remove it, or set CAUSEWAY_DATA_DIR to a shorter path`)
  }
  return folder
}

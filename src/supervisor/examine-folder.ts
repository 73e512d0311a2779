import { constants } from 'node:fs'
import { access, readFile, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { doubtful, fine, wrong, type Finding } from '#/lib/finding.ts'
import { MAJOR } from './embedded-cluster.ts'
import { holderOfFolder } from './embedded-lock.ts'

export interface ExaminedFolder {
  readonly findings: readonly Finding[]
  /** The process that has it; null: none has. */
  readonly holder: string | null
}

/** The data folder: whether it is there, ours, closed to others, with room, and who uses it. */
export async function examineFolder(dataDir: string): Promise<ExaminedFolder> {
  const found = await stat(dataDir).catch((error: NodeJS.ErrnoException) => error)
  if (found instanceof Error) {
    if (found.code === 'ENOENT')
      return { findings: [fine('data folder', `${dataDir} is made at the first start`)], holder: null }
    const advice = `let this account into it, or set CAUSEWAY_DATA_DIR to another folder`
    return { findings: [wrong('data folder', `${dataDir}: ${found.message}`, advice)], holder: null }
  }
  if (!found.isDirectory())
    return {
      findings: [wrong('data folder', `${dataDir} is no folder`, 'set CAUSEWAY_DATA_DIR to a folder')],
      holder: null,
    }
  const holder = (await holderOfFolder(dataDir)) ?? null
  const findings = [
    await rights(dataDir, found),
    ...(await Promise.all(['admin-token', 'keys.json'].map((name) => secret(join(dataDir, name))))).flat(),
    await space(dataDir),
    holder === null
      ? fine('lock', 'nobody uses the data folder')
      : fine('lock', `process ${holder} uses the data folder`),
    ...(await cluster(dataDir)),
  ]
  return { findings, holder }
}

interface Owned {
  readonly uid: number
  readonly mode: number
}

async function rights(dataDir: string, { uid, mode }: Owned): Promise<Finding> {
  const own = process.getuid?.()
  const shown = `${dataDir} (mode ${(mode & 0o777).toString(8)})`
  if (own !== undefined && uid !== own)
    return wrong('data folder', `${shown} belongs to account ${uid}, this is ${own}`, `chown -R ${own} ${dataDir}`)
  const writable = await access(dataDir, constants.W_OK).then(
    () => true,
    () => false,
  )
  if (!writable) return wrong('data folder', `${shown} cannot be written`, `chmod u+rwx ${dataDir}`)
  if ((mode & 0o022) !== 0)
    return wrong(
      'data folder',
      `${shown} can be written by others, who could replace the keys`,
      `chmod go-w ${dataDir}`,
    )
  return fine('data folder', `${shown} is ours`)
}

async function secret(path: string): Promise<readonly Finding[]> {
  const found = await stat(path).catch(() => null)
  if (found === null || (found.mode & 0o077) === 0) return []
  return [
    wrong('secrets', `${path} can be read by others (mode ${(found.mode & 0o777).toString(8)})`, `chmod 600 ${path}`),
  ]
}

const MIB = 1024 ** 2
const TIGHT_MIB = 1024
const TOO_TIGHT_MIB = 200

async function space(dataDir: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(dataDir)
  const free = Math.floor((bavail * bsize) / MIB)
  const said = free < 10 * TIGHT_MIB ? `${free} MiB free` : `${Math.floor(free / 1024)} GiB free`
  const advice = 'make room there: the database, and the records while it is away, are written to it'
  if (free < TOO_TIGHT_MIB) return wrong('space', said, advice)
  return free < TIGHT_MIB ? doubtful('space', said, advice) : fine('space', said)
}

async function cluster(dataDir: string): Promise<readonly Finding[]> {
  const path = join(dataDir, 'postgres', 'data', 'PG_VERSION')
  const version = await readFile(path, 'utf8').catch(() => null)
  if (version === null || version.trim() === MAJOR) return []
  const advice = `causeway backup with the version that made it, then causeway restore into an empty data folder`
  return [
    wrong('database', `the data folder holds PostgreSQL ${version.trim()}; this Causeway carries ${MAJOR}`, advice),
  ]
}

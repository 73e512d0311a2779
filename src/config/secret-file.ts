import { randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { constants, copyFile, link, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface SecretFile {
  readonly text: string
  readonly created: boolean
}

/** Reads the file, or makes it with what `make` gives: whole, flushed, 0600, and by exactly one of those who try at once. */
export async function readOrCreateSecretFile(path: string, make: () => string): Promise<SecretFile> {
  const found = await readSecretFile(path)
  if (found !== null) return { text: found, created: false }
  const created = await createSecretFile(path, make())
  const text = await readSecretFile(path)
  if (text === null) throw new Error(`${path} vanished while it was being made`)
  return { text, created }
}

/** null: there is none. Throws where others may read it. */
export async function readSecretFile(path: string): Promise<string | null> {
  try {
    const text = await readFile(path, 'utf8')
    await refuseOpenToOthers(path)
    return text
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null
    throw error
  }
}

/** The same, at once: for the rare moment at which somebody waits for it who cannot. */
export function readSecretFileSync(path: string): string {
  const text = readFileSync(path, 'utf8')
  refuseOpen(path, statSync(path).mode)
  return text
}

/** Whole and flushed, or as it was. */
export async function replaceSecretFile(path: string, text: string): Promise<void> {
  const draft = draftOf(path)
  try {
    await writeFlushed(draft, text)
    await rename(draft, path)
    await flushFolder(dirname(path))
  } finally {
    await rm(draft, { force: true })
  }
}

/** A secret that others may read is no secret. Windows has no such modes. */
async function refuseOpenToOthers(path: string): Promise<void> {
  refuseOpen(path, (await stat(path)).mode)
}

function refuseOpen(path: string, mode: number): void {
  if (process.platform === 'win32') return
  if ((mode & 0o027) !== 0)
    throw new Error(`${path} is open to others (mode ${(mode & 0o777).toString(8)}): run chmod 600 ${path}`)
}

/** False: somebody else was first. */
async function createSecretFile(path: string, text: string): Promise<boolean> {
  const draft = draftOf(path)
  try {
    await writeFlushed(draft, text)
    await linkOrCopy(draft, path)
    await flushFolder(dirname(path))
    return true
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

function draftOf(path: string): string {
  return `${path}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`
}

async function writeFlushed(path: string, text: string): Promise<void> {
  await using file = await open(path, 'wx', 0o600)
  await file.writeFile(text)
  await file.sync()
}

/** Linking is atomic and never overwrites. Where a file system knows no links, an exclusive copy is the next best. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].some((code) => isErrno(error, code))) throw error
    await copyFile(from, to, constants.COPYFILE_EXCL)
  }
}

async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  await using folder = await open(path, 'r')
  await folder.sync()
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

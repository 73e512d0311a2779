import { constants } from 'node:fs'
import { chmod, copyFile, readFile, realpath, rename, stat, unlink, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder } from '#/lib/make-folder.ts'
import { whyUnread } from '#/lib/why-unread.ts'
import { FileFault } from './file-fault.ts'

export interface ConfigFile {
  readonly path: string
  /** Empty where there is none. */
  readonly text: string
  readonly exists: boolean
}

/** Nobody's configuration is larger. */
const LARGEST = 64 << 20

/** Reads a configuration; a link is followed, so that it stays one. */
export async function openConfig(path: string): Promise<ConfigFile> {
  try {
    const target = await realpath(path)
    const { size } = await stat(target)
    if (size > LARGEST) throw new FileFault(path, 'it is too large to be a configuration')
    const bytes = await readFile(target)
    return {
      path: target,
      text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
      exists: true,
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return { path, text: '', exists: false }
    if (error instanceof FileFault) throw error
    throw new FileFault(path, code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8' : whyUnread(error))
  }
}

export interface Saving {
  /** It holds a secret: nobody else may read it. */
  readonly secret: boolean
}

/**
 * Puts `text` in the place of what was read, as a whole or not at all, and keeps the old file beside it. Throws where somebody else
 * has changed it since. Returns where the old one is.
 */
export async function saveConfig(file: ConfigFile, text: string, { secret }: Saving): Promise<string | null> {
  const { path } = file
  await makeFolder(dirname(path), 0o700)
  const mode = await modeFor(file, secret)
  const draft = `${path}.causeway-${process.pid}`
  try {
    await writeFile(draft, text, { mode, flag: 'wx', flush: true })
    await chmod(draft, mode)
    const now = await openConfig(path)
    if (now.exists !== file.exists || now.text !== file.text)
      throw new FileFault(path, 'it has been changed by another program in the meantime: run the command again')
    const backup = file.exists ? await backUp(path) : null
    await rename(draft, path)
    return backup
  } catch (error) {
    await unlink(draft).catch(() => {})
    throw error instanceof FileFault ? error : new FileFault(path, `it could not be written: ${String(error)}`)
  }
}

async function modeFor({ path, exists }: ConfigFile, secret: boolean): Promise<number> {
  if (!exists) return secret ? 0o600 : 0o644
  const { mode } = await stat(path)
  return secret ? mode & 0o700 : mode & 0o777
}

/** Beside it, under a name that no client reads; an older backup is never overwritten. */
async function backUp(path: string): Promise<string> {
  const time = new Date().toISOString().replaceAll(/[-:]/g, '').slice(0, 15)
  for (let n = 0; ; n++) {
    const backup = `${path}.${time}${n === 0 ? '' : `-${n}`}.bak`
    try {
      await copyFile(path, backup, constants.COPYFILE_EXCL)
      return backup
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST') || n > 100) throw error
    }
  }
}

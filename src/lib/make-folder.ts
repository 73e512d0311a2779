import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it that are missing, all with `mode`; whether this one was made. Where a parent is there and yet
 * nothing can be made in it (/proc, an automounter), this fails with what the system says; node's own `recursive` asks for ever.
 * The error names the folder that was wanted, and says what to do.
 */
export async function makeFolder(path: string, mode: number): Promise<boolean> {
  try {
    return await made(path, mode)
  } catch (cause) {
    const { code = 'failed', path: where = path } = cause as NodeJS.ErrnoException
    const at = where === path ? '' : ` at ${where}`
    const advice = 'name a folder (a data folder: CAUSEWAY_DATA_DIR) in a place where this account may write'
    throw Object.assign(new Error(`the folder ${path} cannot be made (${code}${at}): ${advice}`, { cause }), { code })
  }
}

async function made(path: string, mode: number): Promise<boolean> {
  const failed = await attempt(path, mode)
  if (failed === undefined) return true
  if (failed.code === 'EEXIST' && (await stat(path)).isDirectory()) return false
  if (failed.code !== 'ENOENT' || dirname(path) === path) throw failed
  await made(dirname(path), mode)
  const again = await attempt(path, mode)
  // Somebody else may have made it meanwhile.
  if (again !== undefined && again.code !== 'EEXIST') throw again
  return again === undefined
}

async function attempt(path: string, mode: number): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await mkdir(path, { mode })
    return undefined
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
}

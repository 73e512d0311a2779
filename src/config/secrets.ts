import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { makeFolder } from '#/lib/make-folder.ts'
import { readOrCreateSecretFile, readSecretFile, readSecretFileSync, replaceSecretFile } from './secret-file.ts'

/** Keys of 32 bytes by id, and the one that new secrets are sealed under. */
export interface KeyRingFile {
  readonly current: string
  readonly keys: ReadonlyMap<string, Uint8Array>
}

export interface Secrets {
  readonly keyRing: KeyRingFile
  /** The administrator's API token. */
  readonly adminToken: string
  /** This start made it: print it once. */
  readonly adminTokenIsNew: boolean
}

export const KEY_RING_FILE = 'keys.json'
export const ADMIN_TOKEN_FILE = 'admin-token'

/**
 * The secrets of a data folder, made where they are absent. Files are 0600 and appear whole or not at all; of several starts that
 * find none, one makes them and all read the same.
 */
export async function loadSecrets(dataDir: string, mintToken: () => string): Promise<Secrets> {
  await makeFolder(dataDir, 0o711)
  const ringPath = join(dataDir, KEY_RING_FILE)
  const ring = await readOrCreateSecretFile(ringPath, newRing)
  const tokenPath = join(dataDir, ADMIN_TOKEN_FILE)
  const token = await readOrCreateSecretFile(tokenPath, () => `${mintToken()}\n`)
  const adminToken = token.text.trim()
  if (!/^[\x21-\x7e]{20,}$/.test(adminToken))
    throw new Error(`${tokenPath} holds no token: delete it, and the next start makes a new one`)
  return { keyRing: parseKeyRing(ring.text, ringPath), adminToken, adminTokenIsNew: token.created }
}

function newRing(): string {
  const id = randomBytes(4).toString('hex')
  return ringText({ current: id, keys: new Map([[id, randomBytes(32)]]) })
}

function ringText({ current, keys }: KeyRingFile): string {
  const texts = [...keys].map(([id, key]) => [id, Buffer.from(key).toString('base64url')])
  return `${JSON.stringify({ current, keys: Object.fromEntries(texts) as object }, null, 2)}\n`
}

/** The key ring of a data folder as it is now. */
export function readKeyRing(dataDir: string): KeyRingFile {
  const path = join(dataDir, KEY_RING_FILE)
  return parseKeyRing(readSecretFileSync(path), path)
}

/** Whole and flushed, or as it was. */
export async function replaceKeyRing(dataDir: string, ring: KeyRingFile): Promise<void> {
  await replaceSecretFile(join(dataDir, KEY_RING_FILE), ringText(ring))
}

/** What is in a data folder for a backup to take along. */
export async function readSecrets(
  dataDir: string,
): Promise<{ readonly keyRing: string; readonly adminToken: string | null }> {
  const path = join(dataDir, KEY_RING_FILE)
  const keyRing = await readSecretFile(path)
  if (keyRing === null) throw new Error(`${path} does not exist: without its keys a backup could not be opened again`)
  parseKeyRing(keyRing, path)
  return { keyRing, adminToken: await readSecretFile(join(dataDir, ADMIN_TOKEN_FILE)) }
}

/**
 * Puts the secrets of a backup into a data folder. Keys that are there already stay beside the restored ones, so that whatever was
 * sealed before still opens, should what follows fail; a token that is there stays.
 */
export async function adoptSecrets(
  dataDir: string,
  { keyRing, adminToken }: Awaited<ReturnType<typeof readSecrets>>,
): Promise<void> {
  await makeFolder(dataDir, 0o711)
  const path = join(dataDir, KEY_RING_FILE)
  const restored = parseKeyRing(keyRing, 'the key ring of the archive')
  const found = await readSecretFile(path)
  const there = found === null ? new Map<string, Uint8Array>() : parseKeyRing(found, path).keys
  for (const [id, key] of restored.keys)
    if (there.has(id) && Buffer.compare(there.get(id) ?? key, key) !== 0)
      throw new Error(`${path} has another key under the id '${id}' than the archive: restore into another data folder`)
  await replaceSecretFile(path, ringText({ current: restored.current, keys: new Map([...there, ...restored.keys]) }))
  if (adminToken !== null) await readOrCreateSecretFile(join(dataDir, ADMIN_TOKEN_FILE), () => adminToken)
}

/** `{"current": id, "keys": {id: base64url of 32 bytes}}`. */
export function parseKeyRing(text: string, path: string): KeyRingFile {
  const ring = jsonObject(text)
  const keys = new Map<string, Uint8Array>()
  const named = ring && typeof ring.keys === 'object' && ring.keys !== null ? Object.entries(ring.keys) : []
  for (const [id, value] of named) {
    const bytes: Uint8Array = typeof value === 'string' ? Buffer.from(value, 'base64url') : new Uint8Array()
    if (bytes.length !== 32 || !/^[A-Za-z0-9_-]{1,64}$/.test(id))
      throw new Error(`${path}: the key '${id}' must be 32 bytes in base64url under an id of A-Z a-z 0-9 _ -`)
    keys.set(id, bytes)
  }
  const current = ring?.current
  if (typeof current !== 'string' || !keys.has(current))
    throw new Error(
      `${path} must be {"current": id, "keys": {id: 32 bytes in base64url}}, with the current key among the keys`,
    )
  return { current, keys }
}

function jsonObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : null
  } catch {
    return null
  }
}

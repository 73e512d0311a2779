import { createCipheriv, createDecipheriv, createSecretKey, randomFillSync, type KeyObject } from 'node:crypto'
import { GatewayError } from '#/errors/gateway-error.ts'

/** Keys of 32 bytes by id. Everything new is sealed under `current`; the others still open what they sealed. */
export interface KeyRing {
  readonly current: string
  readonly keys: ReadonlyMap<string, Uint8Array>
}

/**
 * Authenticated encryption (AES-256-GCM). `purpose` says what the text is for and to whom it belongs, such as
 * `credential:<gateway id>`: a text that is moved to another place does not open there.
 */
export interface Sealer {
  readonly currentKeyId: string
  readonly keyIds: readonly string[]
  /** `v1.<key id>.<base64url of nonce, ciphertext, tag>` */
  readonly seal: (purpose: string, plain: Uint8Array | string, keyId?: string) => string
  /** For what we stored ourselves. Throws an error that names the missing key or says that the text was altered. */
  readonly open: (purpose: string, sealed: string) => Buffer
  /** For what a stranger may have made up: null unless we sealed it for this purpose. */
  readonly tryOpen: (purpose: string, sealed: string) => Buffer | null
}

const VERSION = 'v1'
const NONCE = 12
const TAG = 16
const KEY_ID = /^[A-Za-z0-9_-]{1,64}$/

export function sealer(ring: KeyRing): Sealer {
  const keys = keyObjects(ring)
  return {
    currentKeyId: ring.current,
    keyIds: [...keys.keys()],
    seal: (purpose, plain, keyId = ring.current) =>
      `${VERSION}.${keyId}.${encrypt(keyNamed(keys, keyId), purpose, plain)}`,
    open: (purpose, sealed) => {
      const parts = split(sealed)
      if (parts === null) throw new GatewayError('internal', `what is stored for ${purpose} is not a sealed text`)
      const plain = decrypt(keyNamed(keys, parts.keyId), purpose, parts.bytes)
      if (plain === null) throw new GatewayError('internal', `what is stored for ${purpose} was altered or moved`)
      return plain
    },
    tryOpen: (purpose, sealed) => {
      const parts = split(sealed)
      const key = parts === null ? undefined : keys.get(parts.keyId)
      return parts === null || key === undefined ? null : decrypt(key, purpose, parts.bytes)
    },
  }
}

function keyObjects(ring: KeyRing): ReadonlyMap<string, KeyObject> {
  const keys = new Map<string, KeyObject>()
  for (const [id, bytes] of ring.keys) {
    if (!KEY_ID.test(id)) throw new GatewayError('internal', `'${id}' is no key id: 1 to 64 of A-Z a-z 0-9 _ -`)
    if (bytes.length !== 32) throw new GatewayError('internal', `key '${id}' of the key ring has not 32 bytes`)
    keys.set(id, createSecretKey(bytes))
  }
  if (!keys.has(ring.current)) throw missing(ring.current)
  return keys
}

function keyNamed(keys: ReadonlyMap<string, KeyObject>, id: string): KeyObject {
  const key = keys.get(id)
  if (key === undefined) throw missing(id)
  return key
}

function missing(id: string): GatewayError {
  return new GatewayError('internal', `the key ring lacks the key '${id}': add it to keys.json of the data folder`)
}

/** The id of the key under which a text says to be sealed; null: it is no sealed text. */
export function keyIdOf(sealed: string): string | null {
  return split(sealed)?.keyId ?? null
}

function split(sealed: string): { readonly keyId: string; readonly bytes: Buffer } | null {
  const dot = sealed.indexOf('.')
  const second = sealed.indexOf('.', dot + 1)
  if (second < 0 || sealed.slice(0, dot) !== VERSION) return null
  const bytes = Buffer.from(sealed.slice(second + 1), 'base64url')
  return bytes.length < NONCE + TAG ? null : { keyId: sealed.slice(dot + 1, second), bytes }
}

function encrypt(key: KeyObject, purpose: string, plain: Uint8Array | string): string {
  const nonce = nextNonce()
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(purpose))
  const body = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain)
  return Buffer.concat([nonce, body, cipher.final(), cipher.getAuthTag()]).toString('base64url')
}

function decrypt(key: KeyObject, purpose: string, bytes: Buffer): Buffer | null {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE), { authTagLength: TAG })
  decipher.setAAD(Buffer.from(purpose))
  decipher.setAuthTag(bytes.subarray(-TAG))
  const plain = decipher.update(bytes.subarray(NONCE, -TAG))
  try {
    // Throws unless the tag matches; only then may the plain text be looked at.
    decipher.final()
  } catch {
    return null
  }
  return plain
}

const pool = Buffer.allocUnsafe(NONCE * 256)
let used = pool.length

/** Random nonces, drawn 256 at a time: a session id is sealed or opened on the path of a call. */
function nextNonce(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const nonce = Buffer.from(pool.subarray(used, used + NONCE))
  used += NONCE
  return nonce
}

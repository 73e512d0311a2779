import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'

/** Argon2id (RFC 9106) with OWASP's parameters: 19 MiB and two passes, some 25 ms of a core. */
const PARAMETERS = { memory: 19_456, passes: 2, parallelism: 1 } as const
const SALT_BYTES = 16
const TAG_BYTES = 32
const FORM = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

interface Parameters {
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

/** `$argon2id$v=19$m=19456,t=2,p=1$salt$tag`: what is stored of a password. Computed on a thread of its own. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  return written(salt, await derive(password, salt, { ...PARAMETERS, tagLength: TAG_BYTES }))
}

export interface Verdict {
  readonly right: boolean
  /** It was hashed with other parameters than new ones are. */
  readonly stale: boolean
}

/** Takes as long for every password, right or wrong. */
export async function verifyPassword(password: string, stored: string): Promise<Verdict> {
  const [, memory, passes, parallelism, salt = '', tag = ''] = FORM.exec(stored) ?? []
  const wanted = Buffer.from(tag, 'base64')
  if (wanted.length === 0) throw new TypeError('what is stored is no hash of a password')
  const used = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
  const found = await derive(password, Buffer.from(salt, 'base64'), { ...used, tagLength: wanted.length })
  const stale = Object.entries(PARAMETERS).some(([name, value]) => used[name as keyof Parameters] !== value)
  return { right: timingSafeEqual(found, wanted), stale }
}

/** Stands for the hash of whoever has no password, so that looking takes as long: nobody knows a password that fits. */
export const NOBODYS_HASH = written(randomBytes(SALT_BYTES), randomBytes(TAG_BYTES))

function written(salt: Buffer, tag: Buffer): string {
  const { memory, passes, parallelism } = PARAMETERS
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${bare(salt)}$${bare(tag)}`
}

function bare(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}

/** The same letters in another encoding are the same password (NIST SP 800-63B, 3.1.1.2). */
function derive(password: string, nonce: Buffer, how: Parameters & { readonly tagLength: number }): Promise<Buffer> {
  const message = Buffer.from(password.normalize('NFKC'))
  return new Promise((resolve, reject) =>
    argon2('argon2id', { ...how, message, nonce }, (error, tag) => (error === null ? resolve(tag) : reject(error))),
  )
}

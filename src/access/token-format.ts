import { hash as digest, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

const PREFIX = 'cw_'
const SECRET_LENGTH = 43
const CHECK_LENGTH = 6
const FORM = new RegExp(`^${PREFIX}[A-Za-z0-9_-]{${SECRET_LENGTH + CHECK_LENGTH}}$`)
const HINT_LENGTH = 8

/** A new API token. The text is shown once and never stored; hash and hint are. */
export interface NewToken {
  readonly text: string
  readonly hash: Buffer
  readonly hint: string
}

/** `cw_`, 256 random bits, and a checksum over both, so that a slip of the hand is told apart from a token that never was. */
export function mintToken(): NewToken {
  const body = PREFIX + randomBytes(32).toString('base64url')
  const text = body + checksum(body)
  return { text, hash: Buffer.from(tokenHash(text), 'hex'), hint: tokenHint(text) }
}

/** SHA-256, hex: what a snapshot is asked by. The token has 256 random bits, so nothing slower is needed. */
export function tokenHash(text: string): string {
  return digest('sha256', text, 'hex')
}

/** What people may see of a token, to recognise it in a list. */
export function tokenHint(text: string): string {
  return text.slice(0, HINT_LENGTH)
}

/** none: not one of ours at all. */
export type TokenForm = 'whole' | 'mistyped' | 'none'

/** Asked only about tokens that no snapshot knows, to say what is wrong with them. */
export function tokenForm(text: string): TokenForm {
  if (!text.startsWith(PREFIX)) return 'none'
  if (!FORM.test(text)) return 'mistyped'
  const body = text.slice(0, PREFIX.length + SECRET_LENGTH)
  return text.slice(body.length) === checksum(body) ? 'whole' : 'mistyped'
}

function checksum(body: string): string {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(crc32(body))
  return bytes.toString('base64url')
}

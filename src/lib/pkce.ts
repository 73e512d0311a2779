import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** 256 random bits, as a text that needs no escaping anywhere. */
export function randomText(): string {
  return randomBytes(32).toString('base64url')
}

/** The challenge of a verifier (RFC 7636, S256). */
export function challengeOf(verifier: string): string {
  return hash('sha256', verifier, 'base64url')
}

/** Whether two texts are the same, in a time that says nothing of where they differ. */
export function isSameText(one: string, other: string): boolean {
  return timingSafeEqual(hash('sha256', one, 'buffer'), hash('sha256', other, 'buffer'))
}

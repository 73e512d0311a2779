import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** 256 random bits, as a text that needs no escaping anywhere. */
export function randomText(): string {
  return randomBytes(32).toString('base64url')
}

/** The challenge of a verifier (RFC 7636, S256). */
export function challengeOf(verifier: string): string {
  return hash('sha256', verifier, 'base64url')
}

/** Without vowels, and letters that are taken for others (RFC 8628, 6.1). */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'

/** A short code that two places show of the same challenge, for people to compare: `BCDF-GHJK`. */
export function comparisonCode(challenge: string): string {
  let number = hash('sha256', `code to compare ${challenge}`, 'buffer').readBigUInt64BE()
  const letters = Array.from({ length: 8 }, () => {
    const letter = LETTERS[Number(number % 20n)] ?? ''
    number /= 20n
    return letter
  }).join('')
  return `${letters.slice(0, 4)}-${letters.slice(4)}`
}

/** Whether two texts are the same, in a time that says nothing of where they differ. */
export function isSameText(one: string, other: string): boolean {
  return timingSafeEqual(hash('sha256', one, 'buffer'), hash('sha256', other, 'buffer'))
}

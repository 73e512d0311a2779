import { GatewayError } from '#/errors/gateway-error.ts'

export const SHORTEST_PASSWORD = 12
/** Longer ones are refused rather than cut. */
export const LONGEST_PASSWORD = 256

/**
 * What a new password has to be: long (NIST SP 800-63B, 3.1.1.2), and not what a guesser tries first. Which kinds of characters it has
 * does not matter.
 */
export function requireGoodPassword(password: string, email: string, field: string): void {
  const wrong = faultOf(password, email)
  if (wrong !== null) throw new GatewayError('invalid_field', `the password ${wrong}`, { field })
}

function faultOf(password: string, email: string): string | null {
  const length = Array.from(password.normalize('NFKC')).length
  if (length < SHORTEST_PASSWORD) return `must have ${SHORTEST_PASSWORD} characters or more`
  if (length > LONGEST_PASSWORD) return `may have at most ${LONGEST_PASSWORD} characters`
  const plain = password.toLowerCase()
  const [name = ''] = email.toLowerCase().split('@')
  if (plain.includes(email.toLowerCase()) || (name.length > 3 && plain.replaceAll(name, '').length < 6))
    return 'must be more than the e-mail address'
  if (new Set(plain).size < 5) return 'repeats itself: use at least five different characters'
  const stem = plain.replaceAll(/[^a-z]/g, '')
  if (COMMON.has(stem) || COMMON.has(plain.replaceAll(/[^a-z0-9]/g, '')))
    return 'is one that everybody tries first: choose another'
  return null
}

/** What is left of the commonest passwords of this length without digits and signs, and the commonest rows of keys. */
const COMMON: ReadonlySet<string> = new Set(
  (
    'password passwordpassword passwort changeme changemenow letmein letmeinplease welcome administrator admin adminadmin ' +
    'administratoradmin qwertyuiop qwertyuiopasdf asdfghjkl iloveyou superman secret secretsecret causeway causewaycauseway ' +
    'correcthorsebatterystaple 123456789012 1234567890123 12345678901234 123456789abc 1q2w3e4r5t6y qwerty123456 abcdefghijkl ' +
    '1qaz2wsx3edc abc123456789 qazwsxedcrfv abcd12345678 a1b2c3d4e5f6 0123456789ab qwertyuiop12'
  ).split(' '),
)

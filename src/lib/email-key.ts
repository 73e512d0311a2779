/**
 * One for each address, however its ASCII letters are written. What other letters become in lower case may be in somebody else's address:
 * the Kelvin sign becomes a k.
 */
export function emailKey(email: string): string {
  return email.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

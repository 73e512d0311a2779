const ADDRESS = /^[^\s@]{1,64}@[^\s@]{1,255}$/

/** Whether somebody could be written to there, as far as its form says. */
export const isEmailAddress = (text: string): boolean => ADDRESS.test(text)

/**
 * One for each address, however its ASCII letters are written. What other letters become in lower case may be in somebody else's address:
 * the Kelvin sign becomes a k. The database makes the same of it (`store/email-keys.ts`); half a pair of surrogates it cannot hold.
 */
export function emailKey(email: string): string {
  return email.toWellFormed().replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

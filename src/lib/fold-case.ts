/**
 * A text in which ASCII letters are in lower case: those that differ in nothing else are one address, or one name. What other letters
 * become in lower case may be another's: the Kelvin sign becomes a k. The database makes the same of it (`folded` in `store/columns.ts`);
 * half a pair of surrogates it cannot hold.
 */
export function foldCase(text: string): string {
  return text.toWellFormed().replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

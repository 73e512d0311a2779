/** Above this many keys a set is faster than looking at each. */
const FEW = 12

/** The keys of one object, as a lenient parser would see them. */
export class KeySet {
  #few: string[] = []
  #many: Set<string> | undefined

  /** False where the key, or one equal but for case, was there before. */
  add(key: string): boolean {
    const folded = foldKey(key)
    if (this.#many !== undefined) {
      const before = this.#many.size
      return this.#many.add(folded).size > before
    }
    if (this.#few.includes(folded)) return false
    this.#few.push(folded)
    if (this.#few.length > FEW) this.#many = new Set(this.#few)
    return true
  }
}

/**
 * One form for all keys that some parser takes for the same: Go matches by simple case folding (ſ is s, the Kelvin sign is k),
 * others by upper or lower case (ı and İ are i), and a lone surrogate becomes U+FFFD wherever strings are UTF-8.
 */
export function foldKey(key: string): string {
  for (let i = 0; i < key.length; i++) if (key.charCodeAt(i) > 0x7f) return foldUnicode(key)
  return key.toLowerCase()
}

function foldUnicode(key: string): string {
  let folded = ''
  for (const character of key.toWellFormed()) {
    const upper = character.toUpperCase()
    const both = isOne(upper) ? upper.toLowerCase() : character.toLowerCase()
    folded += character === '\u0130' ? 'i' : isOne(both) ? both : character
  }
  return folded
}

function isOne(text: string): boolean {
  return text.length === 1 || (text.length === 2 && text.codePointAt(0)! > 0xffff)
}

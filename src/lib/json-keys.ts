import { BACKSLASH, QUOTE } from './json-bytes.ts'

/** A key as it stood in a text. Keys that some parser takes for the same have the same `fold`. */
export interface JsonKey {
  readonly text: string
  /** A hash of foldKey(text): different ones prove different keys, equal ones prove nothing. */
  readonly fold: number
}

/** Names repeat from message to message: a direct-mapped cache of short plain ones saves decoding and hashing each time. */
const SLOTS = 1024
const LONGEST = 64
const cache: (JsonKey | undefined)[] = Array.from({ length: SLOTS })

/**
 * The key whose opening quote is at `at`, where it is short, plain ASCII and without escapes, so that its length in the text
 * is that of `text` and two quotes; undefined for any other, and for what is no string.
 */
export function plainKey(bytes: Uint8Array, at: number): JsonKey | undefined {
  if (bytes[at] !== QUOTE) return undefined
  const last = Math.min(bytes.length, at + LONGEST)
  let hash = 0
  for (let i = at + 1; i < last; i++) {
    const c = bytes[i]!
    if (c === QUOTE) return known(bytes, at + 1, { end: i, hash })
    if (c === BACKSLASH || c < 0x20 || c >= 0x80) return undefined
    hash = (Math.imul(hash, 31) + c) | 0
  }
  return undefined
}

function known(bytes: Uint8Array, start: number, { end, hash }: { end: number; hash: number }): JsonKey {
  const slot = (hash ^ (hash >>> 10)) & (SLOTS - 1)
  const before = cache[slot]
  if (before !== undefined && before.text.length === end - start && startsWith(bytes, start, before.text)) return before
  const fresh = keyOf(String.fromCharCode(...bytes.subarray(start, end)))
  cache[slot] = fresh
  return fresh
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[at + i]!) return false
  return true
}

export function keyOf(text: string): JsonKey {
  const folded = foldKey(text)
  let fold = 0
  for (let i = 0; i < folded.length; i++) fold = (Math.imul(fold, 31) + folded.charCodeAt(i)) | 0
  return { text, fold }
}

/** Above this many keys a set is faster than looking at each. */
const FEW = 12

/** The keys of one object, as a lenient parser would see them. */
export class KeySet {
  readonly #few: JsonKey[] = []
  #many: Set<string> | undefined

  /** False where the key, or one equal but for case, was there before. */
  add(key: JsonKey): boolean {
    if (this.#many !== undefined) {
      const before = this.#many.size
      return this.#many.add(foldKey(key.text)).size > before
    }
    const few = this.#few
    for (let i = 0; i < few.length; i++) if (few[i]!.fold === key.fold && isSame(few[i]!, key)) return false
    few.push(key)
    if (few.length > FEW) this.#many = new Set(few.map((each) => foldKey(each.text)))
    return true
  }
}

function isSame(a: JsonKey, b: JsonKey): boolean {
  return foldKey(a.text) === foldKey(b.text)
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

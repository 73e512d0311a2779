import { isUtf8 } from 'node:buffer'
import {
  BACKSLASH,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  DOT,
  MINUS,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  isDigit,
  isHex,
  isPlain,
  isShortEscape,
  plainRun,
  skipSpace,
} from './json-bytes.ts'
import { JsonFault, unexpected } from './json-fault.ts'
import { KeySet, keyOf, plainKey } from './json-keys.ts'
import { decodeString } from './json-string.ts'

/** Deeper nesting is refused: it costs other parsers their stack. */
export const MAX_DEPTH = 1024

/** Most strings, and most stretches between escapes, end within this many bytes. */
const NEAR = 64

/** Which containers are open, one byte each; shared, for a scan never yields. */
const stack = new Uint8Array(MAX_DEPTH + 1)

/** Takes the value of one member, which begins at `at`, and returns where it ends. `start` is where the key begins. */
export type VisitMember = (key: string, start: number, at: number) => number

export interface ObjectVisit {
  /** How many containers are open with this object. */
  readonly depth: number
  readonly visit: VisitMember
}

/**
 * Scans the object at `at`, giving each member to `visit`; returns where the object ends. Keys that are equal, or equal but
 * for case, are refused as ambiguous. UTF-8 is the caller's to check.
 */
export function scanObject(bytes: Buffer, at: number, { depth, visit }: ObjectVisit): number {
  if (bytes[at] !== OPEN_OBJECT) throw unexpected(bytes[at], at)
  let i = skipSpace(bytes, at + 1)
  if (bytes[i] === CLOSE_OBJECT) return i + 1
  const keys = new KeySet()
  for (;;) {
    const start = i
    let key = plainKey(bytes, start)
    if (key === undefined) {
      const end = skipString(bytes, start)
      key = keyOf(decodeString(bytes, start, end))
      i = skipColon(bytes, end)
    } else i = skipColon(bytes, start + key.text.length + 2)
    if (!keys.add(key)) throw ambiguousKey(key.text, start, depth)
    i = skipSpace(bytes, visit(key.text, start, i))
    const c = bytes[i]
    if (c === CLOSE_OBJECT) return i + 1
    if (c !== COMMA) throw unexpected(c, i)
    i = skipSpace(bytes, i + 1)
  }
}

export function ambiguousKey(key: string, at: number, depth: number): JsonFault {
  const shown = JSON.stringify(key.slice(0, 80))
  return new JsonFault('ambiguous', `the key ${shown} appears twice, or twice but for case`, { at, depth })
}

/** Scans any value at `at` and returns where it ends. `depth` is how many containers are open around it. */
export function skipValue(bytes: Buffer, at: number, depth: number): number {
  let i = at
  let open = depth
  for (;;) {
    const c = bytes[i]
    if (c === OPEN_OBJECT || c === OPEN_ARRAY) {
      if (++open > MAX_DEPTH) throw tooDeep(i, open)
      stack[open] = c
      i = skipSpace(bytes, i + 1)
      if (bytes[i] !== c + 2) {
        if (c === OPEN_OBJECT) i = skipColon(bytes, skipString(bytes, i))
        continue
      }
      open--
      i++
    } else {
      i = skipScalar(bytes, i, c)
    }
    while (open > depth) {
      i = skipSpace(bytes, i)
      const next = bytes[i]
      const inside = stack[open]!
      if (next === COMMA) {
        i = skipSpace(bytes, i + 1)
        if (inside === OPEN_OBJECT) i = skipColon(bytes, skipString(bytes, i))
        break
      }
      if (next !== inside + 2) throw unexpected(next, i)
      open--
      i++
    }
    if (open === depth) return i
  }
}

/** Scans one whole text: UTF-8, white space, a value, white space, nothing more. Returns the value's range. */
export function scanWhole(
  bytes: Buffer,
  scan: (at: number) => number,
): { readonly start: number; readonly end: number } {
  if (!isUtf8(bytes)) throw new JsonFault('malformed', 'the JSON is not valid UTF-8', { at: 0 })
  const start = skipSpace(bytes, 0)
  if (start >= bytes.length) throw unexpected(undefined, start)
  const end = scan(start)
  const rest = skipSpace(bytes, end)
  if (rest < bytes.length) throw unexpected(bytes[rest], rest)
  return { start, end }
}

export function tooDeep(at: number, depth: number): JsonFault {
  return new JsonFault('malformed', `the JSON is nested more than ${String(depth - 1)} levels deep`, { at, depth })
}

/** Scans the string at `at`; returns the index after its closing quote. */
export function skipString(bytes: Buffer, at: number): number {
  if (bytes[at] !== QUOTE) throw unexpected(bytes[at], at)
  const near = Math.min(at + NEAR, bytes.length)
  let i = at + 1
  while (i < near && isPlain(bytes[i]!)) i++
  return bytes[i] === QUOTE ? i + 1 : skipRest(bytes, i)
}

/** The rest of a string that is long or has escapes. */
function skipRest(bytes: Buffer, at: number): number {
  const end = bytes.length
  let i = at
  for (;;) {
    const near = Math.min(i + NEAR, end)
    while (i < near && isPlain(bytes[i]!)) i++
    if (i === near) i = plainRun(bytes, i, end)
    const c = bytes[i]
    if (c === QUOTE) return i + 1
    if (c !== BACKSLASH) throw unexpected(c, i)
    i = skipEscape(bytes, i)
  }
}

function skipEscape(bytes: Buffer, at: number): number {
  if (isShortEscape(bytes[at + 1])) return at + 2
  if (bytes[at + 1] !== 0x75) throw unexpected(bytes[at + 1], at + 1)
  for (let k = at + 2; k < at + 6; k++) if (!isHex(bytes[k])) throw unexpected(bytes[k], k)
  return at + 6
}

/** White space, a colon, white space: returns where the value begins. */
function skipColon(bytes: Buffer, at: number): number {
  const i = bytes[at] === COLON ? at : skipSpace(bytes, at)
  if (bytes[i] !== COLON) throw unexpected(bytes[i], i)
  return skipSpace(bytes, i + 1)
}

function skipScalar(bytes: Buffer, at: number, first: number | undefined): number {
  if (first === QUOTE) return skipString(bytes, at)
  if (first === MINUS || isDigit(first)) return skipNumber(bytes, at)
  if (first === 0x74) return skipLiteral(bytes, at, 'true')
  if (first === 0x66) return skipLiteral(bytes, at, 'false')
  if (first === 0x6e) return skipLiteral(bytes, at, 'null')
  throw unexpected(first, at)
}

function skipLiteral(bytes: Buffer, at: number, text: string): number {
  for (let k = 1; k < text.length; k++)
    if (bytes[at + k] !== text.charCodeAt(k)) throw unexpected(bytes[at + k], at + k)
  return at + text.length
}

function skipNumber(bytes: Buffer, at: number): number {
  let i = bytes[at] === MINUS ? at + 1 : at
  i = bytes[i] === 0x30 ? i + 1 : skipDigits(bytes, i)
  if (bytes[i] === DOT) i = skipDigits(bytes, i + 1)
  if (bytes[i] === 0x65 || bytes[i] === 0x45) {
    i++
    if (bytes[i] === 0x2b || bytes[i] === MINUS) i++
    i = skipDigits(bytes, i)
  }
  return i
}

function skipDigits(bytes: Buffer, at: number): number {
  if (!isDigit(bytes[at])) throw unexpected(bytes[at], at)
  let i = at + 1
  while (isDigit(bytes[i])) i++
  return i
}

import { BACKSLASH } from './json-bytes.ts'

/** Names repeat from message to message: a direct-mapped cache of decoded short names saves a copy out of the buffer each. */
const SLOTS = 1024
const LONGEST = 64
const cache: (string | undefined)[] = Array.from({ length: SLOTS })

/** Decodes a JSON string that has been scanned; the range [start, end) includes the quotes. */
export function decodeString(bytes: Buffer, start: number, end: number): string {
  if (end - start > LONGEST) return decodeLong(bytes, start, end)
  let hash = end - start
  for (let i = start + 1; i < end - 1; i++) {
    const c = bytes[i]!
    if (c === BACKSLASH || c >= 0x80) return decodeLong(bytes, start, end)
    hash = (Math.imul(hash, 31) + c) | 0
  }
  const slot = (hash ^ (hash >>> 10)) & (SLOTS - 1)
  const known = cache[slot]
  if (known !== undefined && known.length === end - start - 2 && startsWith(bytes, start + 1, known)) return known
  const fresh = bytes.toString('latin1', start + 1, end - 1)
  cache[slot] = fresh
  return fresh
}

function startsWith(bytes: Buffer, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[at + i]!) return false
  return true
}

function decodeLong(bytes: Buffer, start: number, end: number): string {
  const escape = bytes.indexOf(BACKSLASH, start)
  if (escape === -1 || escape >= end) return bytes.toString('utf8', start + 1, end - 1)
  return JSON.parse(bytes.toString('utf8', start, end)) as string
}

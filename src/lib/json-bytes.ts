export const SPACE = 0x20
export const QUOTE = 0x22
export const BACKSLASH = 0x5c
export const OPEN_OBJECT = 0x7b
export const CLOSE_OBJECT = 0x7d
export const OPEN_ARRAY = 0x5b
export const CLOSE_ARRAY = 0x5d
export const COMMA = 0x2c
export const COLON = 0x3a
export const MINUS = 0x2d
export const DOT = 0x2e

/** Strings shorter than this are walked byte by byte: a view over words costs more than it saves. */
const NEAR = 192

/** First index from `at` that is not JSON white space; may be the end. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let i = at
  for (; i < bytes.length; i++) {
    const c = bytes[i]!
    if (c > 0x20 || (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09)) return i
  }
  return i
}

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

export function isHex(byte: number | undefined): boolean {
  if (byte === undefined) return false
  const lower = byte | 0x20
  return (byte >= 0x30 && byte <= 0x39) || (lower >= 0x61 && lower <= 0x66)
}

/** The escapes of one letter: " \ / b f n r t. */
export function isShortEscape(byte: number | undefined): boolean {
  switch (byte) {
    case 0x22:
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return true
    default:
      return false
  }
}

const PLAIN = new Uint8Array(256).fill(1, 0x20)
PLAIN[QUOTE] = 0
PLAIN[BACKSLASH] = 0

/** Inside a string: neither a quote nor a backslash nor a raw control character. */
export function isPlain(byte: number): boolean {
  return PLAIN[byte] === 1
}

/** First index in [at, end) whose byte is not plain; `end` without one. */
export function plainRun(bytes: Uint8Array, at: number, end: number): number {
  const near = end - at > NEAR ? at + NEAR : end
  const found = byteRun(bytes, at, near)
  if (found < near || near === end) return found
  return wordRun(bytes, near, end)
}

function byteRun(bytes: Uint8Array, at: number, end: number): number {
  let i = at
  while (i < end && isPlain(bytes[i]!)) i++
  return i
}

/** Four bytes at a time: each term has a high bit set where a byte is below 0x20, a quote or a backslash. */
function wordRun(bytes: Uint8Array, at: number, end: number): number {
  const aligned = at + ((4 - ((bytes.byteOffset + at) & 3)) & 3)
  const head = byteRun(bytes, at, aligned)
  if (head < aligned) return head
  const count = (end - aligned) >> 2
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + aligned, count)
  let w = 0
  for (; w < count; w++) {
    const x = words[w]!
    const q = x ^ 0x22222222
    const s = x ^ 0x5c5c5c5c
    const low = (x - 0x20202020) & ~x
    const quote = (q - 0x01010101) & ~q
    const slash = (s - 0x01010101) & ~s
    if (((low | quote | slash) & 0x80808080) !== 0) break
  }
  return byteRun(bytes, aligned + w * 4, end)
}

/** malformed: no JSON by RFC 8259, or beyond a bound. ambiguous: two parsers could read it differently. */
export type JsonFaultCode = 'malformed' | 'ambiguous'

/** Why some bytes are not JSON that we pass on. `at` is the offset of the byte where that became clear. */
export class JsonFault extends Error {
  override readonly name = 'JsonFault'
  readonly code: JsonFaultCode
  readonly at: number
  /** How many containers were open; 1 is the top-level object. */
  readonly depth: number

  constructor(code: JsonFaultCode, message: string, where: { readonly at: number; readonly depth?: number }) {
    super(`${message} (byte ${String(where.at)})`)
    this.code = code
    this.at = where.at
    this.depth = where.depth ?? 0
  }
}

/** What a bad byte is told as. */
export function unexpected(byte: number | undefined, at: number): JsonFault {
  if (byte === undefined) return new JsonFault('malformed', 'the JSON ends too early', { at })
  if (byte === 0xef && at === 0) return new JsonFault('malformed', 'JSON must not begin with a byte order mark', { at })
  const shown =
    byte > 0x20 && byte < 0x7f ? `'${String.fromCharCode(byte)}'` : `0x${byte.toString(16).padStart(2, '0')}`
  return new JsonFault('malformed', `${shown} is not allowed here in JSON`, { at })
}

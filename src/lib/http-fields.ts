const NAME_CHARACTER = /^[!#$%&'*+\-.^_`|~\w]$/
const IN_NAME = Uint8Array.from({ length: 256 }, (_, code) => Number(NAME_CHARACTER.test(String.fromCharCode(code))))
const COLON = 0x3a
const TAB = 0x09
const CR = 0x0d
const LF = 0x0a
const DELETE = 0x7f

/**
 * Reads the header fields of an HTTP/1.1 head (RFC 9112, 5): `text` is latin1 and each line has its CRLF, the first field begins
 * at `from`. Names are given in lower case. Returns what is wrong with them, where something is.
 */
export function readFields(
  text: string,
  from: number,
  take: (name: string, value: string) => void,
): string | undefined {
  for (let at = from; at < text.length;) {
    const colon = nameEnd(text, at)
    // A line that begins with a space (obs-fold) has no name.
    if (colon === at || text.charCodeAt(colon) !== COLON) return 'a header field without a legal name'
    const end = lineEnd(text, colon + 1)
    if (end === -1) return 'a control character in the head'
    take(text.slice(at, colon).toLowerCase(), trimmed(text, colon + 1, end))
    at = end + 2
  }
  return undefined
}

function nameEnd(text: string, start: number): number {
  let at = start
  while (IN_NAME[text.charCodeAt(at)] === 1) at++
  return at
}

/** The place of the CRLF; -1: another control character comes first. */
export function lineEnd(text: string, start: number): number {
  let at = start
  for (;;) {
    const code = text.charCodeAt(at)
    if (!(code >= 0x20 || code === TAB) || code === DELETE) break
    at++
  }
  return text.charCodeAt(at) === CR && text.charCodeAt(at + 1) === LF ? at : -1
}

function trimmed(text: string, start: number, end: number): string {
  let from = start
  let to = end
  while (from < to && isBlank(text.charCodeAt(from))) from++
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === TAB
}

import { isUtf8 } from 'node:buffer'

const OPEN = '=?base64?'
const CLOSE = '?='
/** Visible ASCII, with spaces and tabs only inside (RFC 9110, field values). */
const SAFE = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/
/** With its padding (RFC 4648, section 3.2): one text has one form. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** A text as the value of Mcp-Name or Mcp-Param-*: as it is where that is safe, else as base64 between the markers. */
export function encodeHeaderValue(text: string): string {
  if (SAFE.test(text) && !isMarked(text)) return text
  return `${OPEN}${Buffer.from(text).toString('base64')}${CLOSE}`
}

/** The text that a header value stands for; undefined where it is no legal value. */
export function decodeHeaderValue(value: string): string | undefined {
  const trimmed = value.replace(/^[\t ]+|[\t ]+$/g, '')
  if (trimmed === '') return ''
  if (!SAFE.test(trimmed)) return undefined
  if (!isMarked(trimmed)) return trimmed
  const body = trimmed.slice(OPEN.length, -CLOSE.length)
  if (!BASE64.test(body)) return undefined
  const bytes = Buffer.from(body, 'base64')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

function isMarked(text: string): boolean {
  return text.startsWith(OPEN) && text.endsWith(CLOSE) && text.length >= OPEN.length + CLOSE.length
}

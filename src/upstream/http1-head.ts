import { lineEnd, readFields } from '#/lib/http-fields.ts'
import { violation } from './http1-fault.ts'

/** Lower-case names; the values of a repeated field are joined by `, `. */
export type ResponseHeaders = ReadonlyMap<string, string>

/** In place of a length: the body says itself where it ends, or ends with the connection. */
export const CHUNKED = -1
export const UNTIL_CLOSE = -2

export interface ResponseHead {
  readonly status: number
  readonly headers: ResponseHeaders
  /** Bytes of the body, CHUNKED or UNTIL_CLOSE. */
  readonly length: number
  /** How many ms the connection may serve again after this response; 0: not at all. */
  readonly keepMs: number
}

export const MAX_HEAD_BYTES = 64 * 1024
const MAX_FIELDS = 200

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |\r)/
const DIGITS = /^\d{1,15}$/
const CLOSE = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i
const TIMEOUT = /(?:^|[ \t,;])timeout[ \t]*=[ \t]*"?(\d{1,9})/i

const KEEP_MS = 4000
const MAX_KEEP_MS = 60_000
/** A server's hint less what its clock, the network and our coarse timer may take. */
const KEEP_MARGIN_MS = 2000

/** Reads the head of a response (RFC 9112), as latin1, each line with its CRLF. `bodiless`: it answers HEAD. */
export function readHead(text: string, bodiless: boolean): ResponseHead {
  const line = STATUS_LINE.exec(text)
  if (line === null) throw violation('no HTTP/1.1 status line')
  const status = Number(line[2])
  const headers = readHeaders(text)
  const old = line[1] === '0'
  const said = bodyLength(headers, old)
  const length = bodiless || status < 200 || status === 204 || status === 304 ? 0 : said
  return { status, headers, length, keepMs: old || length === UNTIL_CLOSE ? 0 : keepMs(headers) }
}

function readHeaders(text: string): ResponseHeaders {
  const start = lineEnd(text, 0) + 2
  if (start === 1) throw violation('a control character in the head')
  const headers = new Map<string, string>()
  let count = 0
  const wrong = readFields(text, start, (name, value) => {
    if (++count > MAX_FIELDS) throw violation('too many header fields')
    addField(headers, name, value)
  })
  if (wrong !== undefined) throw violation(wrong)
  return headers
}

function addField(headers: Map<string, string>, name: string, value: string): void {
  const before = headers.get(name)
  if (before === undefined) headers.set(name, value)
  // Of equal lengths one is meant; different ones would let two readers see different messages.
  else if (name !== 'content-length') headers.set(name, `${before}, ${value}`)
  else if (before !== value) throw violation('two lengths that differ')
}

function bodyLength(headers: ResponseHeaders, old: boolean): number {
  const length = headers.get('content-length')
  const coding = headers.get('transfer-encoding')
  if (coding !== undefined) {
    if (length !== undefined) throw violation('a length beside a transfer coding')
    if (old || coding.toLowerCase() !== 'chunked') throw violation('a transfer coding other than chunked')
    return CHUNKED
  }
  if (length === undefined) return UNTIL_CLOSE
  if (!DIGITS.test(length)) throw violation('a length that is no number')
  return Number(length)
}

function keepMs(headers: ResponseHeaders): number {
  const connection = headers.get('connection')
  if (connection !== undefined && connection !== 'keep-alive' && CLOSE.test(connection)) return 0
  const hint = headers.get('keep-alive')
  const found = hint === undefined ? null : TIMEOUT.exec(hint)
  if (found === null) return KEEP_MS
  return Math.min(Math.max(Number(found[1]) * 1000 - KEEP_MARGIN_MS, 0), MAX_KEEP_MS)
}

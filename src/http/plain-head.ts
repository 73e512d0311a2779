import type { IncomingHttpHeaders } from 'node:http'
import { lineEnd, readFields } from '#/lib/http-fields.ts'

/** The head of a plain request. Immutable: the next request of a connection mostly has the same. */
export interface PlainHead {
  /** As it came, with the empty line at its end. */
  readonly bytes: Buffer
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly contentLength: number
}

const HEAD_END = Buffer.from('\r\n\r\n')
const MOST_BYTES = 16 << 10
const START = /^POST (\/[\x21-\x7e]*) HTTP\/1\.1\r\n/
const LENGTH = /^\d{1,10}$/
/** They change how a message is read, or what becomes of its connection. */
const NOT_PLAIN = new Set(['transfer-encoding', 'expect', 'upgrade', 'trailer', 'te', 'keep-alive', 'proxy-connection'])

/**
 * The head of a request in the form that nearly all calls have: a POST in HTTP/1.1, whole in one piece, with a length, each
 * field once and nothing about the connection but that it stays. undefined: something else, be it legal or not. `before`: the
 * last head of the same connection.
 */
export function readPlainHead(piece: Buffer, before: PlainHead | undefined): PlainHead | undefined {
  if (before !== undefined && beginsWith(piece, before.bytes)) return before
  const end = piece.indexOf(HEAD_END) + HEAD_END.length
  if (end < HEAD_END.length || end > MOST_BYTES) return undefined
  const text = piece.toString('latin1', 0, end - 2)
  const url = START.exec(text)?.[1]
  if (url === undefined) return undefined
  const headers: Record<string, string> = { __proto__: null } as never
  const rawHeaders: string[] = []
  let isPlain = true
  const wrong = readFields(text, lineEnd(text, 0) + 2, (name, value) => {
    if (name in headers || NOT_PLAIN.has(name)) isPlain = false
    headers[name] = value
    rawHeaders.push(name, value)
  })
  if (wrong !== undefined || !isPlain || headers['host'] === undefined) return undefined
  if ((headers['connection'] ?? 'keep-alive').toLowerCase() !== 'keep-alive') return undefined
  const length = headers['content-length']
  if (length === undefined || !LENGTH.test(length)) return undefined
  return { bytes: Buffer.from(piece.subarray(0, end)), url, headers, rawHeaders, contentLength: Number(length) }
}

function beginsWith(piece: Buffer, start: Buffer): boolean {
  return piece.length >= start.length && start.compare(piece, 0, start.length) === 0
}

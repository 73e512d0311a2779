import { GatewayError } from '#/errors/gateway-error.ts'
import { keptHeader } from '#/lib/kept-headers.ts'

/** One request, ready but for where it goes. */
export interface HttpRequest {
  readonly method: 'POST' | 'GET' | 'DELETE' | 'PUT' | 'PATCH'
  /** Whole header lines, as `field` makes them. */
  readonly fields: string
  readonly body: Buffer | null
  /** The JSON-RPC id in the body: where answers share one stream, theirs is found by it. Absent: none is awaited. */
  readonly id?: number | undefined
}

/** The beginning of every request on a way: the request line and what HTTP itself needs. */
export type RequestStarts = Readonly<Record<HttpRequest['method'], string>>

const NAME = /^[!#$%&'*+\-.^_`|~\w]+$/
/** What a field may hold (RFC 9110, 5.5), as latin1. */
const UNSAFE_VALUE = /[^\t\x20-\x7e\x80-\xff]/
const TARGET = /^[\x21-\x7e]+$/
/** A body of up to this size leaves with its head in one write; a larger one is not worth its copy. */
const TOGETHER_BYTES = 16 * 1024

/** `target`: path and query. */
export function requestStarts(target: string, host: string): RequestStarts {
  if (!TARGET.test(target) || !TARGET.test(host))
    throw new GatewayError('invalid_field', 'the URL cannot be written as HTTP', { field: 'url' })
  const start = (method: string): string =>
    `${method} ${target} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`
  return { POST: start('POST'), GET: start('GET'), DELETE: start('DELETE'), PUT: start('PUT'), PATCH: start('PATCH') }
}

/** One header line. Throws `invalid_field` for what would not be one line; the value is not repeated, for it may be a secret. */
export function field(name: string, value: string): string {
  if (!NAME.test(name)) throw new GatewayError('invalid_field', 'a header has a name that HTTP does not allow')
  const kept = keptHeader(name.toLowerCase())
  if (kept === 'connection' || kept === 'client')
    throw new GatewayError('invalid_field', `the header '${name}' ${WHY[kept]}`)
  return ownField(name, value)
}

const WHY = {
  connection: 'belongs to the connection and cannot be set',
  client: 'says who or where a client is and goes to no upstream: take it out of the gateway or tool that sends it',
} as const

/** A header line whose name is ours. */
export function ownField(name: string, value: string): string {
  if (UNSAFE_VALUE.test(value))
    throw new GatewayError(
      'invalid_field',
      `the value of the header '${name}' has a character that HTTP does not allow`,
    )
  return `${name}: ${value}\r\n`
}

/** name, value, name, value … as header lines. */
export function fieldLines(headers: readonly string[]): string {
  let lines = ''
  for (let i = 0; i + 1 < headers.length; i += 2) lines += field(headers[i] ?? '', headers[i + 1] ?? '')
  return lines
}

interface Output {
  write(bytes: string | Buffer, encoding?: 'latin1'): boolean
  cork(): void
  uncork(): void
}

/** Every byte of the body is one latin1 character, so head and body are one string and one write to the socket. */
export function writeRequest(to: Output, starts: RequestStarts, { method, fields, body }: HttpRequest): void {
  const start = starts[method] + fields
  if (body === null) {
    to.write(`${start}\r\n`, 'latin1')
    return
  }
  const head = `${start}content-length: ${String(body.length)}\r\n\r\n`
  if (body.length <= TOGETHER_BYTES) {
    to.write(head + body.toString('latin1'), 'latin1')
    return
  }
  to.cork()
  to.write(head, 'latin1')
  to.write(body)
  to.uncork()
}

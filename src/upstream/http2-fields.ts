import type { OutgoingHttpHeaders } from 'node:http2'
import type { HttpRequest } from './http1-write.ts'
import type { ResponseHeaders } from './http1-head.ts'

/** Where requests go: the same for all of one server. */
export interface Http2Target {
  readonly scheme: 'http' | 'https'
  readonly authority: string
  /** Path and query. */
  readonly path: string
}

const LINE = /([^\r\n:]+): ([^\r\n]*)\r\n/g

/** Header lines as HTTP/2 wants them: lower-case names, a repeated one as a list. */
export function requestFields({ scheme, authority, path }: Http2Target, request: HttpRequest): OutgoingHttpHeaders {
  const { method, fields, body } = request
  const headers: Record<string, string | string[]> = {
    __proto__: null as never,
    ':method': method,
    ':scheme': scheme,
    ':authority': authority,
    ':path': path,
  }
  for (const [, name = '', value = ''] of fields.matchAll(LINE)) {
    const key = name.toLowerCase()
    const before = headers[key]
    headers[key] = before === undefined ? value : [before, value].flat()
  }
  if (body !== null) headers['content-length'] = String(body.length)
  return headers
}

/** Lower-case names, without those of HTTP/2 itself; the values of a repeated field are joined by `, `. */
export function responseFields(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): ResponseHeaders {
  const fields = new Map<string, string>()
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !name.startsWith(':'))
      fields.set(name, typeof value === 'string' ? value : value.join(', '))
  return fields
}

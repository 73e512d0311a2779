import type { UpstreamRequest } from './upstreams.ts'

/** Methods whose target stands in `Mcp-Name`. */
const NAMED = new Set(['tools/call', 'prompts/get', 'resources/read'])
const SAFE = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/

/** Adds the headers that a modern server compares with the body (2026-07-28, streamable HTTP). */
export function addModernHeaders(request: UpstreamRequest, headers: string[]): void {
  const { frame } = request
  headers.push('mcp-method', frame.method)
  if (!NAMED.has(frame.method)) return
  const name = request.name ?? frame.name ?? frame.uri
  if (name !== undefined) headers.push('mcp-name', headerValue(name))
}

/** As it is where a header can carry it, else as Base64 between the specification's marks. */
export function headerValue(value: string): string {
  if (SAFE.test(value) && !/^=\?base64\?.*\?=$/.test(value)) return value
  return `=?base64?${Buffer.from(value).toString('base64')}?=`
}

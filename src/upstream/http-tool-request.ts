import type { HttpBacking } from '#/catalog/model.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { exactJson } from '#/lib/exact-json.ts'
import { isObject } from '#/lib/is-object.ts'
import type { CredentialHeaders } from './vault.ts'
import { field, ownField } from './http1-write.ts'
import type { HttpRequest } from './http1-write.ts'

export interface HttpToolRequest {
  readonly url: string
  readonly http: HttpRequest
}

export interface RequestParts {
  readonly backing: HttpBacking
  readonly argumentsJson: Buffer
  readonly credentials: CredentialHeaders
  readonly requestId: string
  readonly traceparent: string
}

/**
 * The arguments as a request: what the path names goes there, what is mapped to the query or a header there; of the rest GET makes a
 * query and every other method a JSON body.
 */
export function httpToolRequest(parts: RequestParts): HttpToolRequest {
  const { backing, argumentsJson, credentials } = parts
  const given = exactJson(argumentsJson.toString('utf8'))
  if (!isObject(given))
    throw new GatewayError('invalid_field', 'params.arguments must be an object', { field: 'params.arguments' })
  const rest = new Map(Object.entries(given))
  const url = new URL(filledPath(backing.url, rest))
  const headers = new Map(Object.entries(credentials))
  for (const [argument, name] of taken(backing.headerMapping, rest)) headers.set(name.toLowerCase(), argument)
  for (const [argument, name] of taken(backing.queryMapping, rest)) url.searchParams.append(name, argument)
  const isGet = backing.method === 'GET'
  if (isGet) for (const [name, value] of rest) appendAll(url, name, value)
  const body = isGet ? null : Buffer.from(JSON.stringify(Object.fromEntries(rest)))
  return { url: url.href, http: { method: backing.method, fields: fieldsOf(headers, parts, body !== null), body } }
}

function fieldsOf(headers: Map<string, string>, parts: RequestParts, hasBody: boolean): string {
  if (!headers.has('accept')) headers.set('accept', 'application/json, */*;q=0.5')
  if (hasBody && !headers.has('content-type')) headers.set('content-type', 'application/json')
  let fields = ''
  for (const [name, value] of headers) fields += field(name, value)
  return fields + ownField('traceparent', parts.traceparent) + ownField('x-request-id', parts.requestId)
}

/** `{name}` in a URL is an argument. One that would leave its segment of the path is told. */
function filledPath(url: string, rest: Map<string, unknown>): string {
  return url.replaceAll(/\{([\w-]+)\}/g, (_place, name: string) => {
    const value = rest.get(name)
    if (value === undefined || value === null) throw wrong(name, "is required: the tool's URL needs it")
    rest.delete(name)
    const text = encodeURIComponent(textOf(name, value))
    if (/^(?:\.|%2e){1,2}$/i.test(text)) throw wrong(name, 'must not be a step in the path')
    return text
  })
}

function* taken(
  mapping: Readonly<Record<string, string>> | null,
  rest: Map<string, unknown>,
): Generator<readonly [value: string, name: string]> {
  for (const [argument, name] of Object.entries(mapping ?? {})) {
    const value = rest.get(argument)
    rest.delete(argument)
    if (value !== undefined && value !== null) yield [textOf(argument, value), name]
  }
}

function appendAll(url: URL, name: string, value: unknown): void {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  for (const each of values) if (each !== null) url.searchParams.append(name, textOf(name, each))
}

/** Numbers as they were written; what has parts as JSON. */
function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  const text = JSON.stringify(value)
  if (text === undefined) throw wrong(name, 'cannot be written')
  return text
}

function wrong(name: string, why: string): GatewayError {
  return new GatewayError('invalid_field', `params.arguments.${name}: ${why}`, { field: `params.arguments.${name}` })
}

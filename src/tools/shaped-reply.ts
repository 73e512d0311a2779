import { Type } from '#/api/type.ts'
import type { Endpoint, Reply } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { isObject } from '#/lib/is-object.ts'
import { JsonSearch, parseJsonPath, type JsonPath } from '#/lib/json-path.ts'

const QUERY = {
  apijsonpath: Type.Optional(
    Type.String({
      maxLength: 4096,
      description: 'JSON text {"jsonpath": "$[*]", "mapping": {"name": "$.path"}}: what of the answer is wanted',
    }),
  ),
}

/** An endpoint whose answer can be asked for in another shape: what a path selects, each with its members named anew. */
export function shapeable(endpoint: Endpoint): Endpoint {
  const handle = endpoint.handle as (input: { readonly query: { readonly apijsonpath?: string } }) => Promise<Reply>
  return {
    ...endpoint,
    query: Type.Object({ ...endpoint.query?.properties, ...QUERY }),
    handle: async (input: Parameters<typeof handle>[0]) => {
      const shape = input.query.apijsonpath === undefined ? undefined : shapeOf(input.query.apijsonpath)
      const reply = await handle(input)
      return shape === undefined ? reply : { ...reply, body: shaped(shape, JSON.parse(JSON.stringify(reply.body))) }
    },
  }
}

interface Shape {
  readonly path: JsonPath
  readonly mapping: readonly (readonly [name: string, path: JsonPath])[]
}

function shapeOf(text: string): Shape {
  const asked = parsed(text)
  const path = parseJsonPath(typeof asked['jsonpath'] === 'string' ? asked['jsonpath'] : '$[*]')
  if (path === undefined) throw refused()
  const mapping = Object.entries(isObject(asked['mapping']) ? asked['mapping'] : {})
  return { path, mapping: mapping.map(([name, to]) => [name, parseJsonPath(String(to)) ?? refuse()]) }
}

function shaped({ path, mapping }: Shape, body: unknown): readonly unknown[] {
  const search = new JsonSearch()
  const found = selected(search, path, body)
  if (mapping.length === 0) return found
  return found.map((each) => Object.fromEntries(mapping.map(([name, to]) => [name, valueAt(search, to, each)])))
}

function valueAt(search: JsonSearch, path: JsonPath, value: unknown): unknown {
  const found = selected(search, path, value)
  return path.single ? (found[0] ?? null) : found
}

function selected(search: JsonSearch, path: JsonPath, value: unknown): readonly unknown[] {
  const found = search.select(path, value)
  if (found !== undefined) return found
  const message = 'apijsonpath leads to more than can be looked through: make it narrower, or ask for a page with limit'
  throw new GatewayError('invalid_request', message, { field: 'apijsonpath' })
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
  } catch {
    // Answered like any other text that is no such object.
  }
  throw refused()
}

function refuse(): never {
  throw refused()
}

function refused(): GatewayError {
  return new GatewayError('invalid_request', 'Invalid apijsonpath format', { field: 'apijsonpath' })
}

import { Type, type TSchema } from 'typebox'
import type { Endpoint } from '#/api/endpoint.ts'
import { toCamel, toSnake } from '#/api/casing.ts'
import { propertiesOf, refuseAmbiguous } from '#/api/raw-member.ts'
import { GatewayError } from '#/errors/gateway-error.ts'

type Json = Readonly<Record<string, unknown>>

/** The body as its endpoint's schema spells it: unwrapped, and with names in the schema's own casing. An absent body is `{}`. */
export function bodyOf(endpoint: Endpoint, bytes: Buffer): Json {
  const parsed = bytes.length === 0 ? {} : parseJson(endpoint, bytes)
  if (!isObject(parsed)) throw new GatewayError('invalid_field', 'the body must be a JSON object', { field: 'body' })
  const schema = endpoint.body
  if (schema === undefined) return parsed
  return spelled(schema, unwrapped(endpoint.wrapper, parsed))
}

function parseJson(endpoint: Endpoint, bytes: Buffer): unknown {
  refuseAmbiguous(bytes, readSchema(endpoint))
  return JSON.parse(bytes.toString('utf8'))
}

/** What of the body is read here: the described members, also within their wrapper. */
function readSchema({ body, wrapper }: Endpoint): TSchema | undefined {
  return body && wrapper !== undefined ? Type.Object({ ...body.properties, [wrapper]: body }) : body
}

/** `{"server": {…}, "team_id": …}` as one object; what stands outside wins over what stands inside. */
function unwrapped(wrapper: string | undefined, body: Json): Json {
  if (wrapper === undefined || !Object.hasOwn(body, wrapper)) return body
  const inner = body[wrapper]
  if (!isObject(inner)) return body
  const outer = Object.entries(body).filter(([key, value]) => key !== wrapper && value !== null)
  const names = new Set(outer.map(([key]) => toSnake(key)))
  return Object.fromEntries([...Object.entries(inner).filter(([key]) => !names.has(toSnake(key))), ...outer])
}

/** The same object with each name in the casing that the schema declares, at every level that the schema describes. */
function spelled(schema: TSchema, value: unknown): Json {
  if (!isObject(value)) throw new GatewayError('invalid_field', 'the body must be a JSON object', { field: 'body' })
  const properties: Readonly<Record<string, TSchema>> = propertiesOf(schema) ?? {}
  const seen = new Set<string>()
  const entries = Object.entries(value).map(([key, member]): [string, unknown] => {
    const name = declaredName(properties, key)
    if (seen.has(name))
      throw new GatewayError('invalid_field', `${name} is given twice, in two spellings`, { field: name })
    seen.add(name)
    const inner = Object.hasOwn(properties, name) ? properties[name] : undefined
    return [name, inner && propertiesOf(inner) && isObject(member) ? spelled(inner, member) : member]
  })
  return Object.fromEntries(entries)
}

function declaredName(properties: Json, key: string): string {
  return [key, toCamel(key), toSnake(key)].find((name) => Object.hasOwn(properties, name)) ?? key
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

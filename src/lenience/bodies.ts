import type { TSchema } from 'typebox'
import { Type } from '#/api/type.ts'
import type { Json } from '#/api/edge.ts'
import type { Endpoint } from '#/api/endpoint.ts'
import { propertiesOf } from '#/api/raw-member.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { isObject } from '#/lib/is-object.ts'
import { toCamel, toSnake } from './casing.ts'
import type { Absent, Quirks } from './quirks.ts'

/** The described members of a body, also within their wrapper. */
export function readSchema({ body }: Endpoint, { wrapper }: Quirks): TSchema | undefined {
  return body && wrapper !== undefined ? Type.Object({ ...body.properties, [wrapper]: body }) : body
}

/** A body as its schema spells it: unwrapped, in the schema's own casing, without what is said and asks for nothing. */
export function cleanBody(schema: TSchema, body: Json, { wrapper, absent, unsaid = [] }: Quirks): Json {
  const spelled = respelled(schema, unwrapped(wrapper, body))
  return unsaid.reduce(withoutEmpty, absent === undefined ? spelled : withoutAbsent(spelled, absent))
}

function withoutEmpty(body: Json, [outer, inner]: readonly [string, string]): Json {
  const { [outer]: around } = body
  if (!isObject(around) || !Array.isArray(around[inner]) || around[inner].length > 0) return body
  return { ...body, [outer]: Object.fromEntries(Object.entries(around).filter(([key]) => key !== inner)) }
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
export function respelled(schema: TSchema, value: Json): Json {
  const properties: Readonly<Record<string, TSchema>> = propertiesOf(schema) ?? {}
  const seen = new Set<string>()
  const entries = Object.entries(value).map(([key, member]): [string, unknown] => {
    const name = declaredName(properties, key)
    if (seen.has(name))
      throw new GatewayError('invalid_field', `${name} is given twice, in two spellings`, { field: name })
    seen.add(name)
    const inner = Object.hasOwn(properties, name) ? properties[name] : undefined
    return [name, inner && propertiesOf(inner) && isObject(member) ? respelled(inner, member) : member]
  })
  return Object.fromEntries(entries)
}

function declaredName(properties: Json, key: string): string {
  return [key, toCamel(key), toSnake(key)].find((name) => Object.hasOwn(properties, name)) ?? key
}

function withoutAbsent(body: Json, absent: Readonly<Record<string, Absent>>): Json {
  const kept = Object.entries(body).filter(([key, value]) => {
    const rule = Object.hasOwn(absent, toCamel(key)) ? absent[toCamel(key)] : undefined
    if (rule === undefined) return true
    if (!asksForNothing(value) && rule.idle?.includes(value) !== true)
      throw new GatewayError('invalid_field', `${key}: ${rule.why}`, { field: key })
    return false
  })
  return Object.fromEntries(kept)
}

export function asksForNothing(value: unknown): boolean {
  if (value === null || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

import type { TSchema } from 'typebox'
import { GatewayError } from '#/errors/gateway-error.ts'
import { isObject } from '#/lib/is-object.ts'
import { nearest } from '#/lib/nearest.ts'
import { propertiesOf } from './raw-member.ts'

type Members = Readonly<Record<string, unknown>>

/** A name that a schema does not have. */
export interface Stranger {
  readonly key: string
  /** Where it stands: `scope.permission`, `members.0.rol`. */
  readonly field: string
  readonly value: unknown
  /** The names that the schema has there. */
  readonly names: readonly string[]
  /** Everything that is said beside it. */
  readonly beside: Members
}

/** Every name that the schema does not have, at every level that it describes. */
export function strangersIn(schema: TSchema, value: Members, path: readonly string[] = []): readonly Stranger[] {
  const properties = propertiesOf(schema)
  const others: unknown = Reflect.get(schema, 'additionalProperties')
  if (properties === undefined || (others !== undefined && others !== false)) return []
  return Object.entries(value).flatMap(([key, member]): readonly Stranger[] => {
    const at = [...path, key]
    const inner = Object.hasOwn(properties, key) ? properties[key] : undefined
    if (inner === undefined)
      return [{ key, field: at.join('.'), value: member, names: Object.keys(properties), beside: value }]
    return objectsIn(inner, member).flatMap(([form, object, more]) => strangersIn(form, object, [...at, ...more]))
  })
}

/** An object, or those in a list. */
function objectsIn(schema: TSchema, value: unknown): readonly (readonly [TSchema, Members, readonly string[]])[] {
  if (isObject(value)) return [[schema, value, []]]
  const items: unknown = Reflect.get(schema, 'items')
  if (!Array.isArray(value) || !isObject(items)) return []
  return value.flatMap((one, n) => (isObject(one) ? [[items as TSchema, one, [String(n)]] as const] : []))
}

/** Refuses a name that the schema does not have, at every level that it describes; says which one may have been meant. */
export function requireKnown(schema: TSchema, value: Members, within: string): void {
  const [first, ...more] = strangersIn(schema, value)
  if (first !== undefined) throw unknownFields([first, ...more], within)
}

const plain = (name: string): string => name.replaceAll(/[_-]/g, '').toLowerCase()

/** The name that was most likely meant, in whichever casing it is written. */
export function likeness(key: string, names: readonly string[]): string | undefined {
  const meant = nearest(plain(key), names.map(plain))
  return names.find((name) => plain(name) === meant)
}

/** More names than this are no answer to what was meant. */
const LISTED = 12

/** 422 that names each, and what was meant. */
export function unknownFields(strangers: readonly [Stranger, ...Stranger[]], within: string): GatewayError {
  const errors = strangers.map(({ key, field, names }) => {
    const meant = likeness(key, names)
    const listed = names.length > LISTED ? '' : `; there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}`
    return {
      field,
      message: `is not known in the ${within}${meant === undefined ? listed : `: did you mean ${meant}?`}`,
    }
  })
  const [{ field, message } = { field: within, message: '' }] = errors
  return new GatewayError('invalid_field', `${field}: ${message}`, { field, data: { errors } })
}

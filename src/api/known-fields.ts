import type { TSchema } from 'typebox'
import { GatewayError } from '#/errors/gateway-error.ts'
import { isObject } from '#/lib/is-object.ts'
import { propertiesOf } from './raw-member.ts'

/** Refuses a name that the schema does not have, at every level that it describes; says which one may have been meant. */
export function requireKnown(schema: TSchema, value: Readonly<Record<string, unknown>>, within: string): void {
  visit(schema, value, { within, path: [] })
}

interface Place {
  readonly within: string
  readonly path: readonly string[]
}

function visit(schema: TSchema, value: Readonly<Record<string, unknown>>, { within, path }: Place): void {
  const properties = propertiesOf(schema)
  const others: unknown = Reflect.get(schema, 'additionalProperties')
  if (properties === undefined || (others !== undefined && others !== false)) return
  for (const [key, member] of Object.entries(value)) {
    const inner = Object.hasOwn(properties, key) ? properties[key] : undefined
    if (inner === undefined) throw unknown([...path, key].join('.'), { within, meant: likeness(properties, key) })
    if (isObject(member)) visit(inner, member, { within, path: [...path, key] })
  }
}

const plain = (name: string): string => name.replaceAll('_', '').toLowerCase()

function likeness(properties: Readonly<Record<string, unknown>>, key: string): string | undefined {
  return Object.keys(properties).find((name) => plain(name) === plain(key))
}

function unknown(field: string, { within, meant }: { readonly within: string; readonly meant: string | undefined }) {
  const hint = meant === undefined ? '' : `; it is spelled ${meant}`
  return new GatewayError('invalid_field', `${field}: is not known in the ${within}${hint}`, { field })
}

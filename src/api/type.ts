import type { Type as TypeBox } from 'typebox'

type Builder =
  | 'Array'
  | 'Boolean'
  | 'Integer'
  | 'Literal'
  | 'Null'
  | 'Number'
  | 'Object'
  | 'Optional'
  | 'Record'
  | 'String'
  | 'Tuple'
  | 'Union'
  | 'Unknown'

type Schema = Readonly<Record<string, unknown>>

/** Members that may be absent: nothing in the schema itself says so, the object around it does. */
const optional = new WeakSet<Schema>()

const ofType =
  (type: string) =>
  (options?: Schema): Schema => ({ type, ...options })

function object(properties: Readonly<Record<string, Schema>>, options?: Schema): Schema {
  const required = Object.keys(properties).filter((name) => !optional.has(properties[name] ?? {}))
  return { type: 'object', ...(required.length > 0 && { required }), properties, ...options }
}

function orAbsent(schema: Schema): Schema {
  const made = { ...schema }
  optional.add(made)
  return made
}

/**
 * The builders of TypeBox that we use, with its types and without its code: that is four hundred files for what is a few lines of JSON
 * Schema, and each process would load them at its start.
 */
export const Type = {
  Array: (items: Schema, options?: Schema) => ({ type: 'array', items, ...options }),
  Boolean: ofType('boolean'),
  Integer: ofType('integer'),
  Literal: (value: boolean | number | string, options?: Schema) => ({ type: typeof value, const: value, ...options }),
  Null: ofType('null'),
  Number: ofType('number'),
  Object: object,
  Optional: orAbsent,
  Record: (key: { readonly pattern?: string }, value: Schema, options?: Schema) => ({
    type: 'object',
    patternProperties: { [key.pattern ?? '^.*$']: value },
    ...options,
  }),
  String: ofType('string'),
  Tuple: (items: readonly Schema[], options?: Schema) => ({
    type: 'array',
    additionalItems: false,
    items,
    minItems: items.length,
    ...options,
  }),
  Union: (anyOf: readonly Schema[], options?: Schema) => ({ anyOf, ...options }),
  Unknown: (options?: Schema) => ({ ...options }),
} satisfies Record<Builder, unknown> as unknown as Pick<typeof TypeBox, Builder>

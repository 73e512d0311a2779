import { Type as TypeBox, type TSchema } from 'typebox'
import { expect, test } from 'vitest'
import { Type } from './type.ts'

type Builders = typeof Type

/** Each builder, with and without options, and what is optional where it may be. */
const SCHEMAS: Readonly<Record<keyof Builders, (type: Builders) => readonly TSchema[]>> = {
  Array: ({ Array, String }) => [Array(String()), Array(String(), { minItems: 1, description: 'some' })],
  Boolean: ({ Boolean }) => [Boolean(), Boolean({ default: true })],
  Integer: ({ Integer }) => [Integer(), Integer({ minimum: 1 })],
  Literal: ({ Literal }) => [Literal('a'), Literal(7), Literal(true, { description: 'yes' })],
  Null: ({ Null }) => [Null(), Null({ description: 'none' })],
  Number: ({ Number }) => [Number(), Number({ exclusiveMaximum: 1 })],
  Object: ({ Object, Optional, String, Null }) => [
    Object({}),
    Object({ a: String(), b: Optional(String({ maxLength: 2 })), c: Null() }, { additionalProperties: false }),
    Object({ ...Object({ a: Optional(String()), b: String() }).properties, c: Optional(Optional(Null())) }),
  ],
  Optional: ({ Object, Optional, String }) => {
    const text = String({ description: 'text' })
    return [Optional(text), Object({ a: Optional(text), b: text }), Object({ a: Optional(text) })]
  },
  Record: ({ Record, String, Integer }) => [
    Record(String(), Integer()),
    Record(String({ pattern: '^[a-z]+$' }), Integer()),
    Record(String(), Integer(), { description: 'numbers' }),
  ],
  String: ({ String }) => [String(), String({ pattern: '^a$', format: 'uri' })],
  Tuple: ({ Tuple, Integer, String }) => [Tuple([Integer(), String()]), Tuple([Integer()], { description: 'one' })],
  Union: ({ Union, Null, String }) => [Union([String(), Null()]), Union([Null()], { default: null })],
  Unknown: ({ Unknown }) => [Unknown(), Unknown({ description: 'anything' })],
}

test.each(Object.entries(SCHEMAS))('%s makes what TypeBox makes, member by member', (_name, made) => {
  expect(made(Type).map((schema) => JSON.stringify(schema))).toEqual(
    made(TypeBox).map((schema) => JSON.stringify(schema)),
  )
})

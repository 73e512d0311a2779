import { Type } from './type.ts'
import { expect, test } from 'vitest'
import { checkerOf, queryValues } from './validate.ts'

const Body = Type.Object({
  name: Type.String({ minLength: 1 }),
  list: Type.Optional(Type.Array(Type.Object({ key: Type.String() }))),
  choice: Type.Optional(Type.Union([Type.Literal('a'), Type.Null()])),
})
const check = checkerOf(Body, 'body')

test.each([
  [{}, 'name'],
  [{ name: '' }, 'name'],
  [{ name: 'a', list: [{}] }, 'list.0.key'],
  [{ name: 'a', list: [{ key: 7 }] }, 'list.0.key'],
  [{ name: 'a', choice: 'b' }, 'choice'],
  [7, 'body'],
])('%j names %s', (value, field) => {
  expect(() => check(value)).toThrow(expect.objectContaining({ code: 'invalid_field', field }))
})

test('a pattern is said in words where the schema has them', () => {
  const described = Type.String({ pattern: '^a+$', description: 'the letter a' })
  const schema = Type.Object({ 'a/b': Type.Union([described, Type.Null()]), other: Type.String({ pattern: '^b$' }) })
  const told = (value: unknown) => () => checkerOf(schema, 'body')(value)
  expect(told({ 'a/b': 'b', other: 'b' })).toThrow('a/b: must be made of the letter a')
  expect(told({ 'a/b': 'a', other: 'c' })).toThrow('other: must match pattern "^b$"')
})

test('what a field may be is said once, as a choice', () => {
  const schema = Type.Object({
    two: Type.Optional(Type.Union([Type.Literal('a'), Type.Literal('b')])),
    three: Type.Optional(Type.Union([Type.Literal(1), Type.Literal(2), Type.Literal(3)])),
  })
  const told = (value: unknown) => () => checkerOf(schema, 'body')(value)
  const errors = [{ field: 'two', message: 'must be a or b' }]
  expect(told({ two: 'c' })).toThrow(expect.objectContaining({ message: 'two: must be a or b', data: { errors } }))
  expect(told({ three: 4 })).toThrow('three: must be one of 1, 2, 3')
})

test('what a strict schema does not know is said in words', () => {
  const strict = checkerOf(Type.Object({ name: Type.String() }, { additionalProperties: false }), 'body')
  const errors = [{ field: 'nmae', message: 'is not known here' }]
  expect(() => strict({ name: 'a', nmae: 'b' })).toThrow(expect.objectContaining({ data: { errors } }))
})

test('what is not described is let through', () => {
  expect(() => check({ name: 'a', other: 1 })).not.toThrow()
})

const Query = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 0 })),
  on: Type.Optional(Type.Boolean()),
  text: Type.Optional(Type.String()),
})

test.each([
  [
    { limit: '5', on: 'true', text: '5' },
    { limit: 5, on: true, text: '5' },
  ],
  [{ on: '0' }, { on: false }],
  [
    { limit: '1e9', on: 'maybe' },
    { limit: '1e9', on: 'maybe' },
  ],
  [{ limit: ['1', '2'] }, { limit: ['1', '2'] }],
  [{ unknown: 'x' }, {}],
])('query %j', (query, values) => {
  expect(queryValues(Query, query)).toEqual(values)
})

test.each([
  ['an e-mail address', 'f: must be an e-mail address'],
  ['A head that was told: it must be known', 'f: must be a head that was told'],
  ['with at least one visible character', 'f: must have at least one visible character'],
  ["a-z, 0-9 and '-'", "f: must be made of a-z, 0-9 and '-'"],
])('a pattern that is %s', (description, message) => {
  const schema = Type.Object({ f: Type.String({ pattern: '^x$', description }) })
  expect(() => checkerOf(schema, 'body')({ f: 'y' })).toThrow(message)
})

test('of the forms of a field only what is wrong with the one that was meant is told', () => {
  const Inner = Type.Object({ n: Type.Integer() }, { additionalProperties: false })
  const schema = Type.Object({
    secret: Type.Optional(Type.Union([Type.Null(), Type.String({ maxLength: 4 })])),
    inner: Type.Optional(Type.Union([Inner, Type.Null()])),
    list: Type.Optional(Type.Union([Type.Array(Type.String(), { maxItems: 1 }), Type.String(), Type.Null()])),
    word: Type.Optional(Type.Union([Type.Literal('a'), Type.Literal('b'), Type.Null()])),
  })
  const told = (value: object): unknown => {
    try {
      checkerOf(schema, 'body')(value)
    } catch (error) {
      return Reflect.get(Object(error) as object, 'data')
    }
    return null
  }
  const one = (field: string, message: unknown) => ({ errors: [{ field, message }] })
  expect(told({ secret: 'xxxxx' })).toEqual(one('secret', expect.stringContaining('more than 4')))
  expect(told({ secret: 7 })).toEqual(one('secret', 'must be null or string'))
  expect(told({ inner: { n: 'x' } })).toEqual(one('inner.n', 'must be integer'))
  expect(told({ inner: 'x' })).toEqual(one('inner', 'must be object or null'))
  expect(told({ list: ['a', 'b'] })).toEqual(one('list', expect.stringContaining('more than 1')))
  expect(told({ word: 'c' })).toEqual(one('word', 'must be a or b'))
})

import { expect, test } from 'vitest'
import { parametersOf, typeText } from './input-schema.ts'

const typed = (property: unknown, rest: object = {}): string | undefined => {
  const [parameter] = parametersOf({ properties: { a: property }, ...rest })
  return parameter === undefined ? undefined : typeText(parameter)
}

test.each([
  [{ type: 'integer' }, 'integer'],
  [{ type: ['integer', 'null'] }, 'integer | null'],
  [{ enum: ['x', 1, null] }, '"x" | 1 | null'],
  [{ const: 'only' }, '"only"'],
  [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 'string | null'],
  [{ oneOf: [{ const: 'a', title: 'A' }, { const: 'b' }] }, '"a" | "b"'],
  [{ anyOf: [{ enum: ['a'] }, { type: 'null' }] }, '"a"'],
  [{ anyOf: [{ enum: ['a'] }, { type: 'string' }] }, 'string'],
  [{ $ref: '#/$defs/kind' }, '"k"'],
  [{ allOf: [{ $ref: '#/$defs/kind' }] }, '"k"'],
  [{ $ref: '#/$defs/self' }, 'any'],
  [{ $ref: 'https://example.com/x.json' }, 'any'],
  [{ type: 'array', items: { type: 'string' } }, 'string[]'],
  [{ type: 'array', items: { type: ['string', 'integer'] } }, '(string | integer)[]'],
  [{ type: 'array' }, 'array'],
  [true, 'any'],
  [null, 'any'],
])('%j is %s', (property, text) => {
  expect(typed(property, { $defs: { kind: { enum: ['k'] }, self: { $ref: '#/$defs/self' } } })).toBe(text)
})

test('the required come first; a schema of any shape is survived', () => {
  const properties = {
    a: { type: ['integer', 'null'], description: 'how\nmany', default: 5 },
    b: { enum: ['x', 1], title: 'B' },
    c: true,
  }
  expect(parametersOf({ properties, required: ['b', 'nowhere'] })).toMatchObject([
    { name: 'b', required: true, description: 'B', default: undefined },
    { name: 'a', required: false, description: 'how many', default: 5 },
    { name: 'c', required: false, description: '', types: [], choices: null },
  ])
  for (const schema of [null, undefined, true, {}, { properties: 5 }, { properties: [], required: 'x' }])
    expect(parametersOf(schema)).toEqual([])
})

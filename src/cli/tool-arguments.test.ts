import { describe, expect, test } from 'vitest'
import { CliError } from './cli-error.ts'
import { argumentsJson, parametersOf } from './tool-arguments.ts'

const schema = {
  properties: {
    count: { type: 'integer' },
    ratio: { type: 'number' },
    deep: { type: 'boolean' },
    tags: { type: 'array' },
    filter: { type: 'object' },
    limit: { type: ['integer', 'null'] },
    either: { type: ['string', 'integer'] },
    any: {},
  },
}

describe('arguments of a call', () => {
  test.each([
    ['message=hello', '{"message":"hello"}'],
    ['message=a=b', '{"message":"a=b"}'],
    ['message=', '{"message":""}'],
    ['message="quoted" \u00e9', String.raw`{"message":"\"quoted\" é"}`],
    ['count=90071992547409931', '{"count":90071992547409931}'],
    ['ratio=1.50', '{"ratio":1.50}'],
    ['deep=true', '{"deep":true}'],
    ['tags=["a"]', '{"tags":["a"]}'],
    ['filter={"a":1}', '{"filter":{"a":1}}'],
    ['limit=null', '{"limit":null}'],
    ['either=5', '{"either":"5"}'],
    ['any=5', '{"any":"5"}'],
    ['constructor=5', '{"constructor":"5"}'],
  ])('%s', (pair, json) => {
    expect(argumentsJson([pair], schema)).toBe(json)
  })

  test('several make one object', () => {
    expect(argumentsJson(['a=1', 'count=2'], schema)).toBe('{"a":"1","count":2}')
    expect(argumentsJson([], undefined)).toBe('{}')
  })

  test.each([
    [['novalue'], /must be key=value/],
    [['=x'], /must be key=value/],
    [['count=two'], /count must be integer in JSON/],
    [['a=1', 'a=2'], /given twice/],
  ])('%j is refused', (pairs, why) => {
    expect(() => argumentsJson(pairs, schema)).toThrow(why)
    expect(() => argumentsJson(pairs, schema)).toThrow(CliError)
  })
})

test('what a tool takes, the required first; a schema of any shape is survived', () => {
  const properties = {
    a: { type: ['integer', 'null'], description: 'how\nmany' },
    b: { enum: ['x', 1] },
    c: true,
    d: null,
  }
  expect(parametersOf({ properties, required: ['b', 'nowhere'] })).toEqual([
    { name: 'b', type: '"x" | 1', required: true, description: '' },
    { name: 'a', type: 'integer | null', required: false, description: 'how many' },
    { name: 'c', type: 'any', required: false, description: '' },
    { name: 'd', type: 'any', required: false, description: '' },
  ])
  for (const schema of [null, undefined, true, {}, { properties: 5 }, { properties: [], required: 'x' }])
    expect(parametersOf(schema)).toEqual([])
})

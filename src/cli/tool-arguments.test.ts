import { describe, expect, test } from 'vitest'
import { CliError } from './cli-error.ts'
import { argumentsJson, exampleOf, missingOf, pairedArguments, wholeArguments } from './tool-arguments.ts'
import { parametersOf } from './input-schema.ts'

const schema = {
  required: ['count', 'mode'],
  properties: {
    count: { type: 'integer' },
    ratio: { type: 'number' },
    deep: { type: 'boolean' },
    tags: { type: 'array', items: { type: 'string' } },
    numbers: { type: 'array', items: { type: 'integer' } },
    filter: { type: 'object' },
    limit: { type: ['integer', 'null'] },
    either: { type: ['string', 'integer'] },
    maybe: { anyOf: [{ $ref: '#/$defs/count' }, { type: 'null' }] },
    mode: { enum: ['fast', 'slow', 3] },
    any: {},
  },
  $defs: { count: { type: 'integer' } },
}

const json = (pairs: readonly string[], of: unknown = schema): string => argumentsJson(pairedArguments(pairs, of))

describe('arguments of a call', () => {
  test.each([
    ['message=hello', '{"message":"hello"}'],
    ['message=a=b', '{"message":"a=b"}'],
    ['message=', '{"message":""}'],
    ['message="quoted" \u00e9', String.raw`{"message":"\"quoted\" é"}`],
    ['count=90071992547409931', '{"count":90071992547409931}'],
    ['ratio=1.50', '{"ratio":1.50}'],
    ['ratio=1e2', '{"ratio":1e2}'],
    ['deep=true', '{"deep":true}'],
    ['deep=no', '{"deep":false}'],
    ['tags=["a"]', '{"tags":["a"]}'],
    ['tags=a', '{"tags":["a"]}'],
    ['numbers=90071992547409931', '{"numbers":[90071992547409931]}'],
    ['filter={"a":1}', '{"filter":{"a":1}}'],
    ['limit=null', '{"limit":null}'],
    ['maybe=7', '{"maybe":7}'],
    ['either=5', '{"either":"5"}'],
    ['mode=fast', '{"mode":"fast"}'],
    ['mode=3', '{"mode":3}'],
    ['any=5', '{"any":"5"}'],
    ['any:=5', '{"any":5}'],
    ['count:={"a":90071992547409931}', '{"count":{"a":90071992547409931}}'],
    ['constructor=5', '{"constructor":"5"}'],
    ['__proto__=5', '{"__proto__":"5"}'],
  ])('%s', (pair, expected) => {
    expect(json([pair])).toBe(expected)
  })

  test('several make one object, the same key of a list one list', () => {
    expect(json(['a=1', 'count=2', 'tags=x', 'tags=y,z'])).toBe('{"a":"1","count":2,"tags":["x","y,z"]}')
    expect(json([], undefined)).toBe('{}')
  })

  test.each([
    [['novalue'], /must be key=value or key:=JSON/],
    [['=x'], /must be key=value/],
    [[':=x'], /must be key=value/],
    [['any:=x'], /any:= must be JSON.*any=x/],
    [['count=two'], /count must be integer, not "two"/],
    [['count=1.5'], /count must be integer/],
    [['deep=maybe'], /deep must be boolean/],
    [['mode=medium'], /mode must be one of "fast" \| "slow" \| 3, not "medium"/],
    [['numbers=1', 'numbers=b'], /numbers must be integer, not "b"/],
    [['a=1', 'a=2'], /given twice; a list is written a:=/],
  ])('%j is refused', (pairs, why) => {
    expect(() => json(pairs)).toThrow(why)
    expect(() => json(pairs)).toThrow(CliError)
  })

  test('where nothing else may be given, a mistyped name is found', () => {
    const closed = { additionalProperties: false, properties: { message: { type: 'string' } } }
    expect(() => json(['mesage=x'], closed)).toThrow('"mesage": did you mean message?')
    expect(() => json(['other=x'], closed)).toThrow('it takes message')
    expect(json(['message=x'], closed)).toBe('{"message":"x"}')
  })

  test('all at once, digit by digit', () => {
    const text = '{"a": 90071992547409931, "b": [1.50]}'
    expect(argumentsJson(wholeArguments(text, '--args'))).toBe('{"a":90071992547409931,"b":[1.50]}')
    for (const wrong of ['', '[]', '5', '{"a":', 'null'])
      expect(() => wholeArguments(wrong, '--args')).toThrow('--args must be a JSON object')
  })
})

test('what is missing is named, with a value that would do', () => {
  expect(missingOf(schema, pairedArguments(['count=1'], schema)).map(({ name }) => name)).toEqual(['mode'])
  const examples = parametersOf(schema).map(exampleOf)
  expect(examples).toEqual([
    'count=1',
    'mode=fast',
    'ratio=1',
    'deep=true',
    `'tags=["…"]'`,
    `'numbers=["…"]'`,
    `'filter={"…": "…"}'`,
    'limit=1',
    'either=TEXT',
    'maybe=1',
    'any=TEXT',
  ])
  expect(exampleOf({ ...parametersOf({ properties: { a: {} } })[0]!, default: "it's" })).toBe(String.raw`'a=it'\''s'`)
})

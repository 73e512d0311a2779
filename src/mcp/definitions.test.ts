import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { renameDefinition, type NewNames } from './definitions.ts'
import type { Era } from './revision.ts'

function renamed(text: string, names: NewNames = {}, era: Era = 'legacy'): string {
  const result = renameDefinition(text, names, era)
  return result.ok ? result.text : `refused: ${result.why}`
}

const tool = (schema: string): string => `{"name":"a","outputSchema":${schema},"z":1}`

describe('a definition', () => {
  test('stays as it is', () => {
    const text = ' { "name" : "a" , "x":{"y":1,"y":2} , "n":9007199254740993 } '
    expect(renamed(text)).toBe(text)
  })

  test('gets another name, title and description', () => {
    expect(renamed('{ "name" : "a","inputSchema":{} }', { name: 'g-a', title: 'é"', description: null })).toBe(
      '{ "name" : "g-a","inputSchema":{},"title":"é\\"" }',
    )
    expect(renamed('{"description":"old","name":"a"}', { description: 'new' })).toBe('{"description":"new","name":"a"}')
    expect(renamed('{}', { name: 'a', title: 'b' })).toBe('{"name":"a","title":"b"}')
  })

  test('loses for legacy clients output that is no object', () => {
    for (const schema of ['{"type":"array"}', 'true', '{}', '{"anyOf":[]}']) {
      expect(renamed(tool(schema))).toBe('{"name":"a","z":1}')
      expect(renamed(tool(schema), {}, 'modern')).toBe(tool(schema))
    }
    expect(renamed(tool('{"type":"object"}'))).toBe(tool('{"type":"object"}'))
  })

  test('loses execution for modern clients', () => {
    const text = '{"execution":{"taskSupport":"optional"}, "name":"a"}'
    expect(renamed(text, {}, 'modern')).toBe('{"name":"a"}')
    expect(renamed(text)).toBe(text)
    expect(renamed('{"execution":{}}', { name: 'b' }, 'modern')).toBe('{"name":"b"}')
  })

  test.each(['{"name":"a","name":"b"}', '{"name":"a","Name":"b"}', '[]', '{', '"a"', '{"name":"a"} x'])(
    '%s is refused',
    (text) => {
      expect(renamed(text, { name: 'c' })).toMatch(/^refused: /)
    },
  )

  test('of any kind deep-equals', () => {
    const key = fc.constantFrom('name', 'title', 'description', 'execution', 'a', 'é', '')
    const names = fc.record(
      { name: fc.string(), title: fc.option(fc.string()), description: fc.string() },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue()), names, fc.constantFrom('', ' ', '\n'), (given, change, gap) => {
        const text = JSON.stringify(given, null, gap)
        const want: Record<string, unknown> = { ...(JSON.parse(text) as object) }
        for (const [each, value] of Object.entries(change)) if (value !== null) want[each] = value
        delete want['execution']
        expect(JSON.parse(renamed(text, change, 'modern'))).toEqual(want)
      }),
    )
  })
})

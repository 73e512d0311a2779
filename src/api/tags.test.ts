import { expect, test } from 'vitest'
import { tagFilter, tagsOf } from './tags.ts'

test.each([
  [
    ['Data Set', 'x', 'API_v2'],
    ['data-set', 'api-v2'],
  ],
  [['a1, b2 ,a1'], ['a1', 'b2']],
  [['-ab', 'ab-', 'a'.repeat(101), 'ü1', ''], []],
  [[{ id: 'ignored', label: 'Team One' }], ['team-one']],
  [[{ id: 'only-id' }], ['only-id']],
])('%j', (input, ids) => {
  expect(tagsOf(input).map(({ id }) => id)).toEqual(ids)
})

test('labels stay as they were written', () => {
  expect(tagsOf(['Data Set'])).toEqual([{ id: 'data-set', label: 'Data Set' }])
})

test('a filter compares what is normalised; none is none', () => {
  expect(tagFilter('Data Set,API_v2')).toEqual(['data-set', 'api-v2'])
  expect(tagFilter(undefined)).toBeNull()
})

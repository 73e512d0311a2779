import { expect, test } from 'vitest'
import { inventedResults } from './invented.ts'
import { parseResults } from './results-file.ts'

test('what a run writes is read as it is', () => {
  const results = inventedResults({ ticks: 3 })
  expect(parseResults(JSON.stringify(results))).toEqual(results)
})

test.each([
  ['no JSON', '{', /JSON/],
  ['something else', '[]', /the whole/],
  ['a later format', JSON.stringify({ ...inventedResults({ ticks: 1 }), format: 2 }), /^format /],
  [
    'a tick without its time',
    JSON.stringify({
      ...inventedResults({ ticks: 1 }),
      ticks: [{ ...inventedResults({ ticks: 1 }).ticks[0], at: '1' }],
    }),
    /^ticks\.0\.at /,
  ],
  ['no kinds', JSON.stringify({ ...inventedResults({ ticks: 1 }), kinds: undefined }), /kinds/],
])('%s is refused by name', (_, text, message) => {
  expect(() => parseResults(text)).toThrow(message)
})

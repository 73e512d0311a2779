import { expect, test } from 'vitest'
import { parseJsonPath, selectJson } from './json-path.ts'

const VALUE = { a: { b: [{ n: 1 }, { n: 2, 'x y': 3 }] }, 'odd.name': true, n: 0 }

test.each([
  ['$', [VALUE]],
  ['$.a.b[0].n', [1]],
  ['$.a.b[-1].n', [2]],
  ['$.a.b[*].n', [1, 2]],
  ['$.a.b.*.n', [1, 2]],
  ['$..n', [0, 1, 2]],
  ["$['odd.name']", [true]],
  ['$["a"]["b"][1]["x y"]', [3]],
  ["$..['x y']", [3]],
  ['$.none.deeper', []],
  ['$.a.b[7]', []],
])('%s', (text, found) => {
  const path = parseJsonPath(text)
  expect(path && selectJson(path, VALUE)).toEqual(found)
})

test.each(['', 'a', '$.', '$..', '$.a[', '$[?(@.n)]', '$.a[0:2]', '$a', '$.a b', '$[1,2]'])('%s is refused', (text) => {
  expect(parseJsonPath(text)).toBeUndefined()
})

test.each([
  ['$.a[0]', true],
  ['$.a[*]', false],
  ['$..a', false],
])('%s leads to one value: %s', (text, single) => {
  expect(parseJsonPath(text)?.single).toBe(single)
})

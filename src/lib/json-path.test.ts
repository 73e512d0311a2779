import { expect, test } from 'vitest'
import { parseJsonPath, selectJson, type JsonPath } from './json-path.ts'

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
  ['$.a.b[0:1].n', [1]],
  ['$.a.b[::-1].n', [2, 1]],
  ['$.a.b[1,0].n', [2, 1]],
  ['$.a.b[?@.n > 1].n', [2]],
  ["$.a.b[?(@['x y'] == 3 || @.n == 9)].n", [2]],
  ['$.a.b[?!@["x y"]].n', [1]],
  ['$.a.b[?@.n == $.a.b[1].n].n', [2]],
  ['$[?length(@) == 2]', []],
  ['$..[?@.n].n', [1, 2]],
  ['$.a[?@[0].n == 1][1].n', [2]],
  ['$.a.b[1].x-y', []],
  ['$.constructor', []],
  ["$['__proto__']", []],
])('%s', (text, found) => {
  const path = parseJsonPath(text)
  expect(path && selectJson(path, VALUE)).toEqual(found)
})

test.each(['', 'a', '$.', '$..', '$.a[', '$a', '$.a b', '$[1,]', '$[?@.n ==]', `$${'.a'.repeat(65)}`])(
  '%s is no path',
  (text) => {
    expect(parseJsonPath(text)).toBeUndefined()
  },
)

test.each(['$[?@..n]', '$[?@.*]', '$[?count(@[*]) > 1]', "$[?match(@.n, '(a+)+')]", '$[?!(1 == 1 && @[?@.n])]'])(
  '%s could take longer than it is long, and is refused',
  (text) => {
    expect(parseJsonPath(text)).toBeUndefined()
  },
)

test('a search ends, however much there is to find', () => {
  const wide = Array.from({ length: 1_000 }, () => ({ a: [{ b: 1 }] }))
  const paths = ['$..[*,*,*]..[*,*,*]..[*,*,*]..x', `$${'[*,*]'.repeat(30)}`, '$..[?@ == $]', '$..*..*..*']
  let deep: unknown = 1
  for (let n = 0; n < 200_000; n++) deep = n % 2 === 0 ? [deep] : { deep }
  for (const value of [wide, nested(40), deep])
    for (const text of paths) {
      const path = parseJsonPath(text)
      const began = performance.now()
      if (path) selectJson(path, value)
      expect([text, path !== undefined, performance.now() - began < 1_000]).toEqual([text, true, true])
    }
  expect(selectJson(parsed(`$${'[*,*]'.repeat(30)}`), nested(40))).toBeUndefined()
})

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)]
}

function parsed(text: string): JsonPath {
  const path = parseJsonPath(text)
  if (path === undefined) throw new Error(text)
  return path
}

test.each([
  ['$.a[0]', true],
  ['$.a[*]', false],
  ['$..a', false],
])('%s leads to one value: %s', (text, single) => {
  expect(parseJsonPath(text)?.single).toBe(single)
})

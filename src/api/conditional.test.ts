import { expect, test } from 'vitest'
import { etagOf, ifMatchVersion, noneMatch } from './conditional.ts'

test.each([
  [undefined, null],
  ['*', null],
  ['"7"', 7],
  [' "7" ', 7],
  ['W/"7"', 7],
  ['7', -1],
  ['"x"', -1],
  ['"1", "2"', -1],
])('If-Match: %s', (header, version) => {
  expect(ifMatchVersion(header)).toBe(version)
})

test.each([
  [undefined, false],
  ['*', true],
  ['"7"', true],
  ['"6", "7"', true],
  ['W/"7"', true],
  ['"6"', false],
  ['7', false],
])('If-None-Match: %s', (header, matches) => {
  expect(noneMatch(header, etagOf(7))).toBe(matches)
})

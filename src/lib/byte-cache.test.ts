import { expect, test } from 'vitest'
import { ByteCache } from './byte-cache.ts'

test('what was used longest ago goes when the bytes do not fit', () => {
  const cache = new ByteCache<string>(10)
  cache.set('a', 'A', 4)
  cache.set('b', 'B', 4)
  expect(cache.get('a')).toBe('A')
  cache.set('c', 'C', 4)
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual(['A', undefined, 'C'])
  expect(cache.bytes).toBe(8)
})

test('an entry set again counts once; one that is too large replaces nothing but itself', () => {
  const cache = new ByteCache<string>(10)
  cache.set('a', 'A', 6)
  cache.set('a', 'B', 3)
  expect([cache.get('a'), cache.bytes]).toEqual(['B', 3])
  cache.set('b', 'B', 7)
  cache.set('huge', 'H', 11)
  expect([cache.get('huge'), cache.get('a'), cache.get('b'), cache.bytes]).toEqual([undefined, 'B', 'B', 10])
  cache.set('a', 'too large now', 11)
  expect([cache.get('a'), cache.bytes]).toEqual([undefined, 7])
  cache.delete('b')
  expect(cache.bytes).toBe(0)
})

import { expect, test } from 'vitest'
import { Counts } from './counts.ts'

test('each key is counted by itself', () => {
  const counts = new Counts()
  for (const key of ['a', 'b', 'a']) counts.add(key)
  expect(['a', 'b', 'c'].map((key) => counts.of(key))).toEqual([2, 1, 0])
  counts.remove('a')
  counts.remove('b')
  expect(['a', 'b'].map((key) => counts.of(key))).toEqual([1, 0])
  counts.add('b')
  expect(counts.of('b')).toBe(1)
})

test('of a hundred thousand keys that were there some stay, and those that are there all', () => {
  const counts = new Counts()
  counts.add('here')
  for (let n = 0; n < 100_000; n++) {
    counts.add(`key ${n}`)
    counts.remove(`key ${n}`)
  }
  expect(counts.size).toBeLessThanOrEqual(1_001)
  expect(counts.of('here')).toBe(1)
})

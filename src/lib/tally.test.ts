import { expect, test } from 'vitest'
import { Tally } from './tally.ts'

test('each key is counted by itself', () => {
  const tally = new Tally()
  for (const key of ['a', 'b', 'a']) tally.add(key)
  expect(['a', 'b', 'c'].map((key) => tally.of(key))).toEqual([2, 1, 0])
  tally.remove('a')
  tally.remove('b')
  expect(['a', 'b'].map((key) => tally.of(key))).toEqual([1, 0])
  tally.add('b')
  expect(tally.of('b')).toBe(1)
})

test('of a hundred thousand keys that were there some stay, and those that are there all', () => {
  const tally = new Tally()
  tally.add('here')
  for (let n = 0; n < 100_000; n++) {
    tally.add(`key ${n}`)
    tally.remove(`key ${n}`)
  }
  expect(tally.size).toBeLessThanOrEqual(1_001)
  expect(tally.of('here')).toBe(1)
})

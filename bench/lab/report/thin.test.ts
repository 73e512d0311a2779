import { expect, test } from 'vitest'
import { thinned } from './thin.ts'

const seconds = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1)

test('few ticks stay as they are', () => {
  expect(thinned([1, 2], [5, null])).toEqual([
    { at: 1, low: 5, high: 5 },
    { at: 2, low: null, high: null },
  ])
})

test.each([301, 900, 20_000])('of %d ticks the one peak and the one dip are kept', (count) => {
  for (const peak of [0, 150, count - 1]) {
    const up = thinned(
      seconds(count),
      seconds(count).map((_, tick) => (tick === peak ? 99 : 7)),
    )
    expect(up.length).toBeLessThanOrEqual(300)
    expect(up.filter(({ high }) => high === 99)).toHaveLength(1)
    const down = thinned(
      seconds(count),
      seconds(count).map((_, tick) => (tick === peak ? 0 : 7)),
    )
    expect(down.filter(({ low }) => low === 0)).toHaveLength(1)
  }
})

test('what is unknown in part of a column is not taken for zero, and a column of nothing else is unknown', () => {
  const values = [null, 4, null, null, 6, null]
  expect(thinned(seconds(6), values, 3)).toEqual([
    { at: 1, low: 4, high: 4 },
    { at: 3, low: null, high: null },
    { at: 5, low: 6, high: 6 },
  ])
})

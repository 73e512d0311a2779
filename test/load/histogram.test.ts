import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Histogram } from '../../bench/lab/histogram.ts'

const SHARES = [0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1]

const filled = (values: readonly number[]): Histogram => {
  const histogram = new Histogram()
  for (const value of values) histogram.add(value)
  return histogram
}

/** The value of that rank, as a sorted array knows it. */
const exact = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(share * values.length)) - 1] ?? 0

const durations = fc.array(
  fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 100_000, noNaN: true })),
  { minLength: 1, maxLength: 400 },
)

describe('a histogram', () => {
  test('is within 1 % (or half a microsecond) of a sorted array, at any rank', () => {
    fc.assert(
      fc.property(durations, (values) => {
        const histogram = filled(values)
        for (const share of SHARES) {
          const expected = exact(values, share)
          expect(Math.abs(histogram.at(share) - expected)).toBeLessThanOrEqual(expected * 0.01 + 0.000_501)
        }
      }),
    )
  })

  test('merged from parts is the same as one that saw everything', () => {
    fc.assert(
      fc.property(durations, durations, (some, others) => {
        const travelled = structuredClone(filled(others).parts())
        expect(filled(some).merge(travelled).parts()).toEqual(filled([...some, ...others]).parts())
      }),
    )
  })

  test('counts everything, and knows maximum and mean exactly', () => {
    expect(filled([1, 2, 3, 10]).percentiles()).toMatchObject({ count: 4, max: 10, mean: 4 })
    expect(filled([]).percentiles()).toEqual({ count: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0, mean: 0 })
  })

  test('takes what lasts longer than it can tell apart, and what seems to end before it began', () => {
    const histogram = filled([-0.2, 2_000_000])
    expect(histogram.percentiles()).toMatchObject({ count: 2, p50: 0, max: 2_000_000 })
  })

  test('is empty again once it was cleared', () => {
    const histogram = filled([5, 6])
    histogram.clear()
    expect(histogram.parts()).toEqual({ buckets: [], sum: 0, max: 0 })
  })
})

import { describe, expect, test } from 'vitest'
import { linear, logarithmic, time } from './scale.ts'

describe('from zero, evenly', () => {
  test.each([
    [4000, [0, 1000, 2000, 3000, 4000]],
    [11, [0, 5, 10, 15]],
    [0.7, [0, 0.2, 0.4, 0.6, 0.8]],
    [0, [0, 0.5, 1]],
  ])('up to %d', (top, ticks) => {
    expect(linear(top, [100, 0]).ticks).toEqual(ticks)
  })

  test('what is counted has whole ticks', () => {
    expect(linear(1, [100, 0], true).ticks).toEqual([0, 1])
    expect(linear(0, [100, 0], true).ticks).toEqual([0, 1])
  })

  test('places are in proportion', () => {
    const { at } = linear(8, [100, 0])
    expect([0, 2, 8].map(at)).toEqual([100, 75, 0])
  })
})

describe('logarithmic', () => {
  test.each([
    [3, 1090, [10, 100, 1000]],
    [2, 48, [2, 5, 10, 20, 50]],
    [5, 5, [5, 10, 20, 50]],
  ])('from %d to %d', (least, most, ticks) => {
    expect(logarithmic(least, most, [100, 0]).ticks).toEqual(ticks)
  })

  test('each decade takes the same room, and what is less than the floor lies on it', () => {
    const { at } = logarithmic(1, 1000, [300, 0])
    expect([1, 10, 100, 1000, 0, 0.2, 5000].map((value) => Math.round(at(value)))).toEqual([
      300, 200, 100, 0, 300, 300, 0,
    ])
  })
})

describe('time', () => {
  test.each([
    [60, [0, 10, 20, 30, 40, 50, 60]],
    [900, [0, 120, 240, 360, 480, 600, 720, 840]],
    [7200, [0, 900, 1800, 2700, 3600, 4500, 5400, 6300, 7200]],
  ])('%d seconds', (span, ticks) => {
    expect(time([0, span], [0, 1]).ticks).toEqual(ticks)
  })

  test('begins where the data does', () => {
    const scale = time([30, 90], [0, 600])
    expect(scale.ticks).toEqual([30, 40, 50, 60, 70, 80, 90])
    expect([30, 60, 90].map(scale.at)).toEqual([0, 300, 600])
  })
})

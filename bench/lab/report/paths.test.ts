import { describe, expect, test } from 'vitest'
import { areaPath, stacked } from './area.ts'
import { linePath } from './line.ts'

describe('lines', () => {
  test('go from point to point, to a tenth of a pixel', () => {
    expect(
      linePath([
        { x: 0, y: 10 },
        { x: 3.14159, y: 2.55 },
      ]),
    ).toBe('M0 10L3.1 2.5')
  })

  test('have gaps where nothing is known, and a point alone is a dot', () => {
    const y = [1, 2, null, 4, null]
    expect(linePath(y.map((y, x) => ({ x, y })))).toBe('M0 1L1 2M3 4h.1')
  })

  test('are nothing where nothing is known', () => {
    expect(linePath([{ x: 0, y: null }])).toBe('')
  })
})

describe('areas', () => {
  test('go there at the top and back at the bottom', () => {
    expect(
      areaPath([
        { x: 0, from: 10, to: 5 },
        { x: 1, from: 10, to: 6 },
      ]),
    ).toBe('M0 5L1 6L1 10L0 10Z')
  })

  test('lie on each other, and the last fills up to the total', () => {
    expect(
      stacked(
        [
          [1, 0, null],
          [2, 9, null],
        ],
        [10, 8, null],
      ),
    ).toEqual([
      [{ from: 0, to: 1 }, { from: 0, to: 0 }, null],
      [{ from: 1, to: 3 }, { from: 0, to: 9 }, null],
      [{ from: 3, to: 10 }, { from: 9, to: 9 }, null],
    ])
  })
})

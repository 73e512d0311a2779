import { expect, test } from 'vitest'
import { duration, moment, share, UNITS } from './units.ts'

test.each([
  [UNITS.ms(0), '0 ms'],
  [UNITS.ms(0.347), '0.35 ms'],
  [UNITS.ms(3.14), '3.1 ms'],
  [UNITS.ms(21.6), '22 ms'],
  [UNITS.ms(1089), '1.09 s'],
  [UNITS.ms(30_000), '30 s'],
  [UNITS.ms(840_000), '14 min'],
  [UNITS.mb(305.2), '305 MB'],
  [UNITS.mb(2460), '2.5 GB'],
  [UNITS.count(4000), '4,000'],
  [UNITS.rate(0), '0/s'],
  [moment(90, 100), '90 s'],
  [moment(90, 900), '1:30'],
  [moment(5400, 20_000), '1:30'],
  [duration(840), '14 min'],
  [duration(45), '45 s'],
  [duration(125), '2 min 5 s'],
])('%s', (written, expected) => {
  expect(written).toBe(expected)
})

test.each([
  [0, 10, '0 %'],
  [10, 10, '100 %'],
  // Nearly all is not all, and nearly none is not none.
  [3359, 3360, '99.97 %'],
  [999_999, 1_000_000, '99.99 %'],
  [1, 250_000, '0.0004 %'],
  [0, 0, '–'],
])('%d of %d is %s', (part, all, written) => {
  expect(share(part, all)).toBe(written)
})

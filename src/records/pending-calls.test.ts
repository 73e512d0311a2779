import { expect, test } from 'vitest'
import { PendingCalls } from './pending-calls.ts'

const HOUR = 3_600_000
const NOON = Date.UTC(2026, 0, 15, 12)

test('each call counts until it is stored, in every span that it lies in', () => {
  const pending = new PendingCalls()
  for (let n = 1; n <= 10; n++) pending.add(n % 2 === 0 ? 'a' : 'b', n, NOON + n * HOUR)
  expect([pending.since('a', NOON), pending.since('a', NOON + 8 * HOUR), pending.since('b', NOON)]).toEqual([5, 2, 5])
  pending.stored(8)
  expect([pending.since('a', 0), pending.since('b', 0), pending.has('a')]).toEqual([1, 1, true])
  pending.stored(10)
  expect([pending.since('a', 0), pending.has('a'), pending.pieces]).toEqual([0, false, 0])
})

test('while nothing is stored, very many take little room and all are counted', () => {
  const pending = new PendingCalls(1_000)
  const tokens = Array.from({ length: 7 }, (_, n) => `t${n}`)
  for (let n = 1; n <= 700_000; n++) pending.add(tokens[n % 7] ?? '', n, NOON + Math.floor(n / 350_000) * HOUR)
  expect(pending.pieces).toBeLessThanOrEqual(1_000)
  expect(tokens.map((token) => pending.since(token, 0))).toEqual(tokens.map(() => 100_000))
  expect(pending.since('t1', NOON + HOUR)).toBeGreaterThan(49_000)
})

test('while some of them are stored, never less is counted than there is, and in the end just that', () => {
  const pending = new PendingCalls(100)
  for (let n = 1; n <= 10_000; n++) pending.add('a', n, NOON)
  for (let lastN = 0; lastN < 10_000; lastN += 499) {
    pending.stored(lastN)
    expect(pending.since('a', 0)).toBeGreaterThanOrEqual(10_000 - lastN)
  }
  pending.stored(10_000)
  expect(pending.since('a', 0)).toBe(0)
  pending.add('a', 10_001, NOON)
  pending.add('a', 10_002, NOON)
  pending.stored(10_001)
  expect(pending.since('a', 0)).toBe(1)
})

test('of more tokens than there is room for, each keeps a piece or two for its hour', () => {
  const pending = new PendingCalls(10)
  for (let n = 1; n <= 200; n++) pending.add(`t${n % 40}`, n, NOON)
  expect(pending.pieces).toBeLessThanOrEqual(80)
  expect(pending.since('t3', 0)).toBe(5)
})

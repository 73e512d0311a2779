import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { patience, PATIENCE_MS, patiently } from './patience.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

test('the steps of a request share one clock, from its first wait', () => {
  patiently(() => {
    vi.advanceTimersByTime(5_000)
    expect(patience().leftMs()).toBe(PATIENCE_MS)
    vi.advanceTimersByTime(400)
    expect(patience().leftMs()).toBe(PATIENCE_MS - 400)
    vi.advanceTimersByTime(400)
    expect(patience().leftMs()).toBe(0)
  })
})

test('a word from the database begins it anew', () => {
  patiently(() => {
    patience().waiting()
    vi.advanceTimersByTime(600)
    patience().heard()
    vi.advanceTimersByTime(5_000)
    expect(patience().leftMs()).toBe(PATIENCE_MS)
  })
})

test('requests do not share it, and what is no request has one for each question', () => {
  patiently(() => void patience().waiting())
  const alone = patience()
  alone.waiting()
  vi.advanceTimersByTime(600)
  patiently(() => expect(patience().leftMs()).toBe(PATIENCE_MS))
  expect(patience().leftMs()).toBe(PATIENCE_MS)
  expect(alone.leftMs()).toBe(PATIENCE_MS - 600)
})

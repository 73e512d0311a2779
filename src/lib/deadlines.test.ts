import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createDeadlines } from './deadlines.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('a deadline passes once, never early, at most a tick late', () => {
  const deadlines = createDeadlines()
  const passed: number[] = []
  const began = performance.now()
  for (const ms of [0, 1, 16, 100, 5000, 20_000]) deadlines.add(ms, () => passed.push(performance.now() - began - ms))
  vi.advanceTimersByTime(30_000)
  expect(passed).toHaveLength(6)
  for (const late of passed) {
    expect(late).toBeGreaterThanOrEqual(0)
    expect(late).toBeLessThanOrEqual(32)
  }
})

test('what is disposed does not pass, also when another deadline of the same tick disposes it', () => {
  const deadlines = createDeadlines()
  const passed: string[] = []
  const first = deadlines.add(50, () => {
    passed.push('first')
    second[Symbol.dispose]()
  })
  const second = deadlines.add(50, () => passed.push('second'))
  const third = deadlines.add(50, () => passed.push('third'))
  third[Symbol.dispose]()
  vi.advanceTimersByTime(200)
  first[Symbol.dispose]()
  expect(passed).toEqual(['first'])
})

test('the timer runs only while something waits', () => {
  const deadlines = createDeadlines()
  expect(vi.getTimerCount()).toBe(0)
  const one = deadlines.add(1000, () => {})
  deadlines.add(10, () => {})
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersByTime(100)
  expect(vi.getTimerCount()).toBe(1)
  one[Symbol.dispose]()
  expect(vi.getTimerCount()).toBe(0)
  deadlines.add(10, () => {})
  vi.advanceTimersByTime(100)
  expect(vi.getTimerCount()).toBe(0)
})

test('a deadline that is added while another passes is kept', () => {
  const deadlines = createDeadlines()
  let passed = 0
  deadlines.add(10, () => void deadlines.add(10, () => passed++))
  vi.advanceTimersByTime(100)
  expect(passed).toBe(1)
})

test('a stall longer than a round of the wheel loses nothing', () => {
  const deadlines = createDeadlines()
  let passed = 0
  let now = performance.now()
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now)
  for (let ms = 1; ms < 20_000; ms += 97) deadlines.add(ms, () => passed++)
  now += 60_000
  vi.advanceTimersByTime(16)
  expect(passed).toBe(Math.ceil(19_999 / 97))
  clock.mockRestore()
})

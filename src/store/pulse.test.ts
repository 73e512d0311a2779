import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Pulse } from './pulse.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'setImmediate', 'performance'] }))
afterEach(() => void vi.useRealTimers())

const opens = () => Promise.resolve(true)

/** Asks something and notes whether it was given up. */
function ask(pulse: Pulse, prompt: boolean) {
  const state = { abandoned: false, end: () => pulse.ended(asked, 'answered') }
  const asked = pulse.asked(prompt, () => {
    state.abandoned = true
    pulse.ended(asked, 'given up')
  })
  return state
}

test('a server that answers nothing to what needs no time is silent: all that waits is given up', () => {
  const pulse = new Pulse(opens)
  vi.advanceTimersByTime(5_000)
  const [slow, quick] = [ask(pulse, false), ask(pulse, true)]
  vi.advanceTimersByTime(600)
  expect([slow.abandoned, quick.abandoned]).toEqual([false, false])
  vi.advanceTimersByTime(250)
  expect([slow.abandoned, quick.abandoned]).toEqual([true, true])
})

test('what may take its time is no sign, however long it takes', () => {
  const pulse = new Pulse(opens)
  const slow = ask(pulse, false)
  vi.advanceTimersByTime(60_000)
  expect(slow.abandoned).toBe(false)
  expect(() => pulse.admit()).not.toThrow()
})

test('a word on any connection is one', () => {
  const pulse = new Pulse(opens)
  const quick = ask(pulse, true)
  for (let n = 0; n < 20; n++) {
    const other = ask(pulse, true)
    vi.advanceTimersByTime(300)
    other.end()
  }
  expect(quick.abandoned).toBe(false)
})

test('while it is silent one asks at a time; its first word opens to all', () => {
  const pulse = new Pulse(opens)
  vi.advanceTimersByTime(5_000)
  ask(pulse, true)
  vi.advanceTimersByTime(850)
  expect(() => pulse.admit()).not.toThrow()
  const probe = ask(pulse, true)
  expect(() => pulse.admit()).toThrow('the database does not answer')
  probe.end()
  const next = ask(pulse, true)
  expect(() => pulse.admit()).not.toThrow()
  next.end()
})

test('a silent server is asked again and again, and each that asks is told within a second', () => {
  const pulse = new Pulse(opens)
  vi.advanceTimersByTime(5_000)
  for (let n = 0; n < 5; n++) {
    pulse.admit()
    const probe = ask(pulse, n % 2 === 0)
    vi.advanceTimersByTime(900)
    expect(probe.abandoned).toBe(true)
  }
})

test('with nothing but a long statement under way, a server that does not open to a knock is silent', async () => {
  const knocks: number[] = []
  let there = true
  const pulse = new Pulse(async () => {
    knocks.push(performance.now())
    return there
  })
  vi.advanceTimersByTime(5_000)
  const slow = ask(pulse, false)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(slow.abandoned).toBe(false)
  expect(knocks.length).toBeGreaterThan(3)
  expect(knocks.length).toBeLessThan(15)
  there = false
  await vi.advanceTimersByTimeAsync(800)
  expect(slow.abandoned).toBe(true)
})

import { describe, expect, test } from 'vitest'
import { type BreakerEvent, type BreakerState, CLOSED, FAILURES_TO_OPEN, next, passes, retryAfter } from './breaker.ts'

const NOW = 10_000
const STATES = {
  fresh: CLOSED,
  shaken: { kind: 'closed', failures: FAILURES_TO_OPEN - 1 },
  open: { kind: 'open', until: NOW + 1, openings: 1 },
  due: { kind: 'open', until: NOW, openings: 1 },
  half_open: { kind: 'half_open', since: NOW - 1, openings: 1 },
} as const satisfies Record<string, BreakerState>

const TABLE: Record<keyof typeof STATES, Record<BreakerEvent['kind'], BreakerState['kind']>> = {
  fresh: { call: 'closed', answered: 'closed', failed: 'closed', left: 'closed' },
  shaken: { call: 'closed', answered: 'closed', failed: 'open', left: 'closed' },
  open: { call: 'open', answered: 'closed', failed: 'open', left: 'open' },
  due: { call: 'half_open', answered: 'closed', failed: 'open', left: 'open' },
  half_open: { call: 'half_open', answered: 'closed', failed: 'open', left: 'open' },
}

describe('every state and every event', () => {
  for (const [from, row] of Object.entries(TABLE))
    for (const [event, to] of Object.entries(row))
      test(`${from} + ${event} → ${to}`, () => {
        const state = STATES[from as keyof typeof STATES]
        expect(next(state, { kind: event as BreakerEvent['kind'], now: NOW }).kind).toBe(to)
      })
})

test('failures in a row open it; one answer between them does not let it open', () => {
  let state: BreakerState = CLOSED
  for (let i = 1; i < FAILURES_TO_OPEN; i++) state = next(state, { kind: 'failed', now: NOW })
  expect(next(state, { kind: 'failed', now: NOW }).kind).toBe('open')
  state = next(state, { kind: 'answered', now: NOW })
  expect(next(state, { kind: 'failed', now: NOW })).toEqual({ kind: 'closed', failures: 1 })
})

test('exactly one passes when the pause is over, and a probe that fails doubles the pause up to a cap', () => {
  let state: BreakerState = STATES.due
  expect(passes(state, NOW)).toBe(true)
  state = next(state, { kind: 'call', now: NOW })
  expect(passes(state, NOW)).toBe(false)
  const pauses: number[] = []
  for (let now = NOW, i = 0; i < 6; i++) {
    state = next(state, { kind: 'failed', now })
    if (state.kind !== 'open') throw new Error('must be open')
    pauses.push(state.until - now)
    expect(retryAfter(state, now)).toBe((state.until - now) / 1000)
    now = state.until
    state = next(state, { kind: 'call', now })
  }
  expect(pauses).toEqual([2000, 4000, 8000, 15_000, 15_000, 15_000])
})

test('a probe whose client left lets the next one try at once', () => {
  const state = next(STATES.half_open, { kind: 'left', now: NOW })
  expect(passes(state, NOW)).toBe(true)
})

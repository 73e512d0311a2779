import { describe, expect, test } from 'vitest'
import { createSession } from './session.ts'
import { next, NONE, type SessionEvent, type SessionState } from './session-state.ts'

const CURRENT = createSession('2025-11-25', 'current')
const OTHER = createSession('2025-11-25', 'other')

const STATES = {
  none: NONE,
  opening: { kind: 'opening' },
  ready: { kind: 'ready', session: CURRENT },
  ended: { kind: 'ended', owed: null },
} as const satisfies Record<string, SessionState>

const EVENTS = {
  wanted: { kind: 'wanted' },
  opened: { kind: 'opened', session: CURRENT },
  failed: { kind: 'failed' },
  gone: { kind: 'gone', session: CURRENT },
  goneOther: { kind: 'gone', session: OTHER },
  dropped: { kind: 'dropped' },
} as const satisfies Record<string, SessionEvent>

const TABLE: Record<keyof typeof STATES, Record<keyof typeof EVENTS, SessionState['kind']>> = {
  none: { wanted: 'opening', opened: 'none', failed: 'none', gone: 'none', goneOther: 'none', dropped: 'ended' },
  opening: {
    wanted: 'opening',
    opened: 'ready',
    failed: 'none',
    gone: 'opening',
    goneOther: 'opening',
    dropped: 'ended',
  },
  ready: { wanted: 'ready', opened: 'ready', failed: 'ready', gone: 'none', goneOther: 'ready', dropped: 'ended' },
  ended: { wanted: 'ended', opened: 'ended', failed: 'ended', gone: 'ended', goneOther: 'ended', dropped: 'ended' },
}

describe('every state and every event', () => {
  for (const [from, row] of Object.entries(TABLE))
    for (const [event, to] of Object.entries(row))
      test(`${from} + ${event} → ${to}`, () => {
        const after = next(STATES[from as keyof typeof STATES], EVENTS[event as keyof typeof EVENTS])
        expect(after.kind).toBe(to)
      })
})

test('what the server still holds is owed to it', () => {
  expect(next(STATES.ready, EVENTS.dropped)).toEqual({ kind: 'ended', owed: CURRENT })
  expect(next(STATES.ended, EVENTS.opened)).toEqual({ kind: 'ended', owed: CURRENT })
  expect(next(STATES.opening, EVENTS.dropped)).toEqual({ kind: 'ended', owed: null })
})

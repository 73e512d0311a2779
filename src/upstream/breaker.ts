/** closed: all pass. open: none pass until `until`. half_open: one call is the probe, the others are refused. */
export type BreakerState =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly until: number; readonly openings: number }
  | { readonly kind: 'half_open'; readonly since: number; readonly openings: number }

/**
 * What happens around a gateway, in ms of one clock. `call`: somebody wants through. `answered`: it spoke, whatever it said
 * (an answer to a call from before the circuit opened proves as much as a probe's).
 * `failed`: it could not be reached or said nothing. `left`: the probe ended without telling (its client went away).
 */
export interface BreakerEvent {
  readonly kind: 'call' | 'answered' | 'failed' | 'left'
  readonly now: number
}

export const FAILURES_TO_OPEN = 5
const FIRST_OPEN_MS = 1000
const MAX_OPEN_MS = 15_000

export const CLOSED: BreakerState = { kind: 'closed', failures: 0 }

/** The whole behaviour of a circuit breaker. A call may pass exactly when `passes` says so of the state before its event. */
export function next(state: BreakerState, event: BreakerEvent): BreakerState {
  if (event.kind === 'answered') return state.kind === 'closed' && state.failures === 0 ? state : CLOSED
  if (state.kind === 'closed') {
    if (event.kind !== 'failed') return state
    const failures = state.failures + 1
    return failures < FAILURES_TO_OPEN ? { kind: 'closed', failures } : opened(1, event.now)
  }
  const { openings } = state
  if (state.kind === 'open') {
    const due = event.kind === 'call' && event.now >= state.until
    return due ? { kind: 'half_open', since: event.now, openings } : state
  }
  if (event.kind === 'failed') return opened(openings + 1, event.now)
  return event.kind === 'left' ? { kind: 'open', until: event.now, openings } : state
}

export function passes(state: BreakerState, now: number): boolean {
  return state.kind === 'closed' || (state.kind === 'open' && now >= state.until)
}

/** Seconds after which another try makes sense. */
export function retryAfter(state: BreakerState, now: number): number {
  return state.kind === 'open' ? Math.max(1, Math.ceil((state.until - now) / 1000)) : 1
}

function opened(openings: number, now: number): BreakerState {
  return { kind: 'open', until: now + Math.min(MAX_OPEN_MS, FIRST_OPEN_MS * 2 ** (openings - 1)), openings }
}

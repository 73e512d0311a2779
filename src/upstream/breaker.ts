/** closed: all pass. open: none pass until `until`. half_open: one call is the probe, the others are refused. */
export type BreakerState =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly until: number; readonly openings: number }
  | { readonly kind: 'half_open'; readonly since: number; readonly openings: number }

/**
 * What happens around a gateway, in ms of one clock. `call`: somebody wants through. `answered`: it spoke, whatever it said.
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
  switch (state.kind) {
    case 'closed':
      if (event.kind === 'answered') return state.failures === 0 ? state : CLOSED
      if (event.kind !== 'failed') return state
      if (state.failures + 1 < FAILURES_TO_OPEN) return { kind: 'closed', failures: state.failures + 1 }
      return opened(1, event.now)
    case 'open':
      // An answer to a call that was under way when the circuit opened proves as much as a probe.
      if (event.kind === 'answered') return CLOSED
      if (event.kind === 'call' && event.now >= state.until)
        return { kind: 'half_open', since: event.now, openings: state.openings }
      return state
    case 'half_open':
      if (event.kind === 'answered') return CLOSED
      if (event.kind === 'failed') return opened(state.openings + 1, event.now)
      if (event.kind === 'left') return { kind: 'open', until: event.now, openings: state.openings }
      return state
  }
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

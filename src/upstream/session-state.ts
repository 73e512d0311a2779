import type { Session } from './session.ts'

/** ended: not used any more; `owed` still has to be ended at the server. */
export type SessionState =
  | { readonly kind: 'none' }
  | { readonly kind: 'opening' }
  | { readonly kind: 'ready'; readonly session: Session }
  | { readonly kind: 'ended'; readonly owed: Session | null }

/**
 * wanted: a call needs it. opened, failed: how `initialize` went. gone: the server does not know `session` any more.
 * dropped: idle for long, one too many, or its gateway changed.
 */
export type SessionEvent =
  | { readonly kind: 'wanted' }
  | { readonly kind: 'opened'; readonly session: Session }
  | { readonly kind: 'failed' }
  | { readonly kind: 'gone'; readonly session: Session }
  | { readonly kind: 'dropped' }

export const NONE: SessionState = { kind: 'none' }

/** The whole life of one session at a server, without a socket in sight. */
export function next(state: SessionState, event: SessionEvent): SessionState {
  if (event.kind === 'dropped')
    return state.kind === 'ended' ? state : { kind: 'ended', owed: state.kind === 'ready' ? state.session : null }
  switch (state.kind) {
    case 'none':
      return event.kind === 'wanted' ? { kind: 'opening' } : state
    case 'opening':
      if (event.kind === 'opened') return { kind: 'ready', session: event.session }
      return event.kind === 'failed' ? NONE : state
    case 'ready':
      // Many calls may hear of it; only the first still speaks of the session that is in use.
      return event.kind === 'gone' && state.session === event.session ? NONE : state
    case 'ended':
      // Dropped while it opened: the server has it, so it has to be told.
      return event.kind === 'opened' ? { kind: 'ended', owed: event.session } : state
    default:
      return state satisfies never
  }
}

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
  switch (event.kind) {
    case 'wanted':
      return state.kind === 'none' ? { kind: 'opening' } : state
    case 'opened':
      // Dropped while it opened: the server has it, so it has to be told.
      if (state.kind === 'ended') return { kind: 'ended', owed: event.session }
      return state.kind === 'opening' ? { kind: 'ready', session: event.session } : state
    case 'failed':
      return state.kind === 'opening' ? NONE : state
    case 'gone':
      // Many calls may hear of it; only the first still speaks of the session that is in use.
      return state.kind === 'ready' && state.session === event.session ? NONE : state
    case 'dropped':
      return state.kind === 'ended' ? state : { kind: 'ended', owed: state.kind === 'ready' ? state.session : null }
  }
}

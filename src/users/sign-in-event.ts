import type { UserId } from '#/access/ids.ts'

/** What may happen at the door of an account, as clients name it. */
export const SIGN_IN_EVENTS = [
  'login',
  'logout',
  'registration',
  'password_change',
  'password_reset_requested',
  'password_reset_completed',
  'account_unlocked',
] as const
export type SignInEventKind = (typeof SIGN_IN_EVENTS)[number]

/** Something that happened at the door of an account: a sign-in, one that failed, a password that was chosen. */
export interface SignInEvent {
  readonly id: number
  /** ISO 8601. */
  readonly at: string
  readonly kind: SignInEventKind
  /** null: what was typed is no user's address. */
  readonly email: string | null
  /** What was refused, where it was. */
  readonly failure: string | null
  /** Where it came from, of what failed the network; null: that is not known, or it came from several. */
  readonly fromIp: string | null
  /** What failed alike within a few seconds is one event. */
  readonly times: number
}

export interface SignInEventPage {
  /** null: everybody's. */
  readonly userId: UserId | null
  readonly limit: number
  readonly offset: number
}

export interface SignInEvents {
  /** Newest first. */
  page(page: SignInEventPage): Promise<readonly SignInEvent[]>
}

import type { UserId } from '#/access/ids.ts'
import type { Snapshot } from '#/catalog/snapshot.ts'
import type { Actor, Changed, WriteTo } from '#/api/actor.ts'
import type { Page, PageRequest } from '#/api/paging.ts'
import type { IdentityStore } from './identity.ts'
import type { NewPassword, SignInDeps } from './session.ts'
import type { SignInEvents } from './sign-in-event.ts'
import type { SsoDeps } from './sso.ts'

/** A user as it is stored. Times are ISO 8601 with microseconds. */
export interface User {
  readonly id: UserId
  readonly email: string
  readonly fullName: string | null
  readonly kind: 'person' | 'service'
  /** Holds the administrator's role. */
  readonly isAdmin: boolean
  readonly enabled: boolean
  readonly version: number
  readonly createdAt: string
  readonly updatedAt: string
  readonly lastLoginAt: string | null
  /** An identity provider has vouched for it. */
  readonly isVouchedFor: boolean
  /** Somebody else chose its password. */
  readonly mustChangePassword: boolean
  /** Guesses at its password that were wrong, within the last hour. */
  readonly failedSignIns: number
  /** Until when at least one network may not guess at it. */
  readonly lockedUntil: string | null
}

export interface NewUser {
  readonly id: UserId
  readonly email: string
  readonly fullName: string | null
  readonly kind: User['kind']
  readonly isAdmin: boolean
  readonly enabled: boolean
  readonly password: NewPassword | null
}

export interface UserChange {
  readonly fullName: string | null
  readonly isAdmin: boolean
  readonly enabled: boolean
  /** null: stays as it is. */
  readonly password: NewPassword | null
  /** Of the password that it has, where none is given; null: stays as it is. */
  readonly mustChangePassword: boolean | null
}

/** `last_admin`: nobody would be left who may do everything. */
export type UserOutcome = Changed | 'last_admin' | undefined

export interface UserStore {
  page(request: PageRequest): Promise<Page<User>>
  byEmail(email: string): Promise<User | undefined>
  /** With a team of its own and the role that everybody has. Throws `conflict` where the e-mail is taken. */
  create(user: NewUser, actor: Actor): Promise<Changed>
  /** undefined: it is gone or has another version. */
  update(id: UserId, change: UserChange, to: WriteTo): Promise<UserOutcome>
  /** Throws `conflict` while its own team has things. */
  remove(id: UserId, to: WriteTo): Promise<UserOutcome>
}

export interface UserDeps {
  readonly store: UserStore
  /** Takes back what it writes. */
  readonly rehearsal: UserStore
  /** What is known of everybody, with whatever was changed until now. */
  readonly fresh: () => Promise<Snapshot>
  readonly settled: (seq: number | null) => Promise<void>
}

/** Users, and how they come in. */
export interface PeopleDeps extends UserDeps {
  readonly identities: IdentityStore
  /** Takes back what it writes. */
  readonly identitiesRehearsal: Pick<IdentityStore, 'unlink'>
  readonly events: SignInEvents
  readonly signIn: SignInDeps
  /** null: nobody but we vouch for anybody. */
  readonly sso: SsoDeps | null
}

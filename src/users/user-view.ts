import type { Static } from 'typebox'
import { Type } from '#/api/type.ts'
import { requireUnchanged } from '#/api/unchanged.ts'
import type { User } from './user.ts'

const Text = Type.Union([Type.String(), Type.Null()])
const time = Type.String({ format: 'date-time' })

export const UserView = Type.Object(
  {
    email: Type.String(),
    full_name: Text,
    is_admin: Type.Boolean({ description: 'Holds the role platform_admin in the platform' }),
    is_active: Type.Boolean(),
    auth_provider: Type.String({ description: 'local; sso once an identity provider has vouched for it' }),
    created_at: time,
    last_login: Text,
    email_verified: Type.Boolean(),
    password_change_required: Type.Boolean(),
    failed_login_attempts: Type.Integer(),
    locked_until: Text,
    is_locked: Type.Boolean(),
    id: Type.String({ description: "Also the id of the user's personal team" }),
    kind: Type.String({ description: 'person or service' }),
    version: Type.Integer(),
  },
  { title: 'User' },
)

/** A user as clients see it: every field always there, in this order. */
export function userView(user: User): Record<string, unknown> {
  return {
    email: user.email,
    full_name: user.fullName,
    is_admin: user.isAdmin,
    is_active: user.enabled,
    auth_provider: user.isVouchedFor ? 'sso' : 'local',
    created_at: user.createdAt,
    last_login: user.lastLoginAt,
    email_verified: user.isVouchedFor,
    password_change_required: user.mustChangePassword,
    failed_login_attempts: user.failedSignIns,
    locked_until: user.lockedUntil,
    is_locked: user.lockedUntil !== null,
    id: user.id,
    kind: user.kind,
    version: user.version,
  }
}

const Password = Type.Optional(
  Type.Union([Type.Null(), Type.String({ maxLength: 1024 })], {
    description:
      '12 characters or more; every session of the user ends. Better: let the user choose one (reset-password)',
  }),
)

const changeable = {
  full_name: Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()])),
  is_admin: Type.Optional(Type.Boolean()),
  is_active: Type.Optional(Type.Boolean()),
  password: Password,
  password_change_required: Type.Optional(
    Type.Boolean({ description: 'The user has to choose another password before it may sign in' }),
  ),
}

export const Email = Type.String({
  minLength: 3,
  maxLength: 320,
  pattern: '^[^\\s@\\x00-\\x1f\\x7f]+@[^\\s@\\x00-\\x1f\\x7f]+$',
  description: 'an e-mail address',
})

export const UserCreate = Type.Object({
  email: Email,
  kind: Type.Optional(
    Type.Union([Type.Literal('person'), Type.Literal('service')], { description: 'person unless said' }),
  ),
  ...changeable,
})
export type UserCreate = Static<typeof UserCreate>

const AS_READ = 'As it was read, by whoever writes back the whole user: no change of it can be meant'
export const UserUpdate = Type.Object({
  ...changeable,
  email: Type.Optional(Type.String({ maxLength: 320, description: AS_READ })),
  kind: Type.Optional(Type.String({ maxLength: 32, description: AS_READ })),
})
export type UserUpdate = Static<typeof UserUpdate>

/** Refuses another address and another kind: a user keeps both. */
export function requireSame({ email, kind }: User, body: UserUpdate): void {
  requireUnchanged(
    body,
    { email, kind },
    {
      email: `a user keeps its address: it is ${email}. Make another user instead`,
      kind: `a user stays what it was made as: it is a ${kind}. Make another user instead`,
    },
  )
}

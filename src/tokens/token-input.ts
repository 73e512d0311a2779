import type { Static } from 'typebox'
import { Type } from '#/api/type.ts'
import { TagsInput } from '#/api/tags.ts'
import { LimitsInput } from './limits-input.ts'

const Name = Type.String({ minLength: 1, maxLength: 255 })
const Description = Type.Union([Type.String({ maxLength: 1000 }), Type.Null()])

/** A restriction under a name that is not known would not be enforced either. */
const CLOSED = { additionalProperties: false }

export const ScopeInput = Type.Object(
  {
    server_id: Type.Optional(
      Type.Union([Type.String(), Type.Null()], { description: 'Narrows to one virtual server' }),
    ),
    permissions: Type.Optional(
      Type.Union([Type.Array(Type.String({ maxLength: 64 }), { maxItems: 200 }), Type.Null()], {
        description:
          'Permissions, `tools.*` for all of a kind, `*` for all. Left out: those of the token in hand. At least one',
      }),
    ),
    ...LimitsInput,
  },
  CLOSED,
)
export type Scope = Static<typeof ScopeInput>

export const TokenCreate = Type.Object(
  {
    name: Name,
    description: Type.Optional(Description),
    expires_in_days: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1, maximum: 36_500 }), Type.Null()], {
        description: 'Absent: as long as the token in hand',
      }),
    ),
    scope: Type.Optional(Type.Union([ScopeInput, Type.Null()])),
    tags: Type.Optional(TagsInput),
    team_id: Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'Narrows to one of your teams' })),
    is_active: Type.Optional(Type.Boolean()),
    user_email: Type.Optional(
      Type.Union([Type.String({ maxLength: 320 }), Type.Null()], {
        description: 'Whose it is: your own, or for administrators anybody',
      }),
    ),
  },
  CLOSED,
)
export type TokenCreate = Static<typeof TokenCreate>

export const TokenUpdate = Type.Object(
  {
    name: Type.Optional(Name),
    description: Type.Optional(Description),
    scope: Type.Optional(Type.Union([ScopeInput, Type.Null()])),
    tags: Type.Optional(TagsInput),
    is_active: Type.Optional(Type.Boolean()),
  },
  CLOSED,
)
export type TokenUpdate = Static<typeof TokenUpdate>

export const TokenRevoke = Type.Object({
  reason: Type.Optional(Type.Union([Type.String({ maxLength: 1000 }), Type.Null()])),
})

import type { Static } from 'typebox'
import { Type } from '#/api/type.ts'

const Name = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: '\\S',
  description: 'with at least one visible character',
})
const Description = Type.Optional(Type.Union([Type.String({ maxLength: 1000 }), Type.Null()]))
const Visibility = Type.Optional(
  Type.Union([Type.Literal('private'), Type.Literal('public')], { description: 'public: others find it' }),
)
const MaxMembers = Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: 1_000_000 }), Type.Null()]))
export const MemberRole = Type.Union([Type.Literal('owner'), Type.Literal('member')])
export const Email = Type.String({
  minLength: 3,
  maxLength: 320,
  pattern: '^[^\\s@\\x00-\\x1f\\x7f]+@[^\\s@\\x00-\\x1f\\x7f]+$',
  description: 'an e-mail address',
})

export const TeamCreate = Type.Object({
  name: Name,
  description: Description,
  visibility: Visibility,
  max_members: MaxMembers,
  slug: Type.Optional(
    Type.Union(
      [
        Type.String({ minLength: 2, maxLength: 255, pattern: '^[a-z0-9-]+$', description: "a-z, 0-9 and '-'" }),
        Type.Null(),
      ],
      { description: 'Made of the name unless said' },
    ),
  ),
  members: Type.Optional(
    Type.Array(Type.Object({ email: Email, role: Type.Optional(MemberRole) }), {
      maxItems: 500,
      description: 'Who is in it from the start; for addresses of no user links are made, as for invitations',
    }),
  ),
})
export type TeamCreate = Static<typeof TeamCreate>

export const TeamUpdate = Type.Object({
  name: Type.Optional(Name),
  description: Description,
  visibility: Visibility,
  max_members: MaxMembers,
})
export type TeamUpdate = Static<typeof TeamUpdate>

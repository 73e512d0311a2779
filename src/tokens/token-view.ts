import type { TSchema } from 'typebox'
import { Type } from '#/api/type.ts'
import { TagView } from '#/api/tags.ts'
import { limitsView, LimitsView } from './limits-input.ts'
import type { Token } from './token.ts'

const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const time = Type.String({ format: 'date-time' })

export const TokenView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  description: nullable(Type.String()),
  user_email: Type.String(),
  team_id: nullable(Type.String()),
  server_id: nullable(Type.String()),
  resource_scopes: Type.Array(Type.String(), { description: 'Permissions; empty: all that the user may' }),
  effective_permissions: Type.Array(Type.String(), { description: 'The same, where `*` is all that the user may' }),
  ...LimitsView,
  created_at: time,
  expires_at: nullable(time),
  last_used: nullable(time),
  is_active: Type.Boolean(),
  is_revoked: Type.Boolean(),
  revoked_at: nullable(time),
  revoked_by: nullable(Type.String()),
  revocation_reason: nullable(Type.String()),
  tags: Type.Array(TagView),
  hint: Type.String({ description: 'The first characters of the token' }),
  version: Type.Integer(),
})

/** A token as clients see it: every field always there, in this order. */
export function tokenView(token: Token): Record<string, unknown> {
  return {
    id: token.id,
    name: token.name,
    description: token.description,
    user_email: token.userEmail,
    team_id: token.teamId,
    server_id: token.serverId,
    resource_scopes: token.permissions ?? [],
    effective_permissions: token.permissions ?? ['*'],
    ...limitsView(token.limits),
    created_at: token.createdAt,
    expires_at: token.expiresAt,
    last_used: token.lastUsedAt,
    is_active: token.isActive,
    is_revoked: token.revokedAt !== null,
    revoked_at: token.revokedAt,
    revoked_by: token.revokedBy,
    revocation_reason: token.revocationReason,
    tags: token.tags,
    hint: token.hint,
    version: token.version,
  }
}

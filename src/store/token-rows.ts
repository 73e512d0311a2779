import { expressionBuilder, sql, type SelectQueryBuilder } from 'kysely'
import type { ServerId, TeamId, TokenId, UserId } from '#/access/ids.ts'
import type { TokenLimits } from '#/access/token-limits.ts'
import type { Tag } from '#/api/tags.ts'
import type { Token } from '#/tokens/token.ts'
import { emailOf } from './audited.ts'
import type { Fields } from './changes-of.ts'
import { iso, isoOrNull } from './columns.ts'
import type { Reader, Schema } from './store.ts'

/** A row of tokens with the user's address; `t` and `u`. */
export function tokenQuery(read: Reader) {
  return read
    .selectFrom('tokens as t')
    .innerJoin('users as u', 'u.id', 't.user_id')
    .select([
      't.id',
      't.user_id',
      'u.email',
      't.team_id',
      't.name',
      't.description',
      't.hint',
      't.permissions',
      't.server_id',
      't.limits',
      't.session_id',
      't.tags',
      't.version',
      't.is_active',
      't.revoked_by',
      't.revocation_reason',
      iso('t.created_at').as('created_at'),
      isoOrNull('t.expires_at').as('expires_at'),
      isoOrNull('t.last_used_at').as('last_used_at'),
      isoOrNull('t.revoked_at').as('revoked_at'),
    ])
}

type RowOf<Q> = Q extends SelectQueryBuilder<infer _S, infer _T, infer Row> ? Row : never
export type TokenRow = RowOf<ReturnType<typeof tokenQuery>>

export function tokenOf(row: TokenRow): Token {
  return {
    id: row.id as TokenId,
    userId: row.user_id as UserId,
    userEmail: row.email,
    teamId: row.team_id as TeamId | null,
    name: row.name,
    description: row.description,
    hint: row.hint,
    permissions: row.permissions as Token['permissions'],
    serverId: row.server_id as ServerId | null,
    limits: row.limits as TokenLimits | null,
    isSession: row.session_id !== null,
    tags: row.tags as readonly Tag[],
    version: row.version,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    isActive: row.is_active,
    revokedAt: row.revoked_at,
    revokedBy: row.revoked_by,
    revocationReason: row.revocation_reason,
  }
}

/** Neither revoked nor switched off nor over. */
export function live(table: string) {
  const column = (name: string) => sql.ref(`${table}.${name}`)
  return sql<boolean>`${column('revoked_at')} IS NULL AND ${column('is_active')}
    AND (${column('expires_at')} IS NULL OR ${column('expires_at')} > now())`
}

/** How far a token went: what it was is what a record is to say of it. */
export function rightsBefore(id: TokenId) {
  return expressionBuilder<Schema>()
    .selectFrom('tokens')
    .select([
      'id as was_id',
      sql`json_build_object('userId', user_id, 'isActive', is_active, 'permissions', permissions, 'serverId', server_id,
        'teamId', team_id, 'expiresAt', expires_at)`.as('was_rights'),
      sql<Fields>`json_build_object('name', name, 'description', description, 'permissions', permissions,
        'serverId', server_id, 'limits', limits, 'tags', tags, 'isActive', is_active)`.as('was_fields'),
      emailOf('user_id').as('was_owner'),
    ])
    .where('id', '=', id)
    .forUpdate()
    .as('was')
}

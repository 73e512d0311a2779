import { sql, type RawBuilder } from 'kysely'
import type { TokenId } from '#/access/ids.ts'
import type { Rights } from '#/access/narrowing.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Actor, TokenChange, TokenToMake, TokenWriter } from '#/tokens/token-store.ts'
import { emailOf } from './audited.ts'
import { changesOf } from './changes-of.ts'
import { constraintOf } from './errors.ts'
import { takeIdempotencyKey } from './idempotency-store.ts'
import type { Database, WriteTx } from './store.ts'
import { live, rightsBefore } from './token-rows.ts'

const SOURCE = 'tokens'

/** How API tokens are made, changed and revoked, in PostgreSQL. */
export function tokenWriter(db: Database): TokenWriter {
  return {
    create: async (token, idempotency, actor) => {
      try {
        const { value, seq } = await db.write(SOURCE, async (tx) => {
          const target = { userId: actor.userId, targetId: token.id }
          const earlier = idempotency === null ? undefined : await takeIdempotencyKey(tx, idempotency, target)
          if (earlier === undefined) await insert(tx, token, actor)
          return { id: (earlier ?? token.id) as TokenId, repeated: earlier !== undefined }
        })
        return { ...value, seq }
      } catch (error) {
        throw nameTaken(error)
      }
    },
    update: async (change, actor) => {
      try {
        return await changed(db, (tx) => update(tx, change, actor))
      } catch (error) {
        throw nameTaken(error)
      }
    },
    revoke: (id, why, actor) => changed(db, (tx) => revoke(tx, { id, ...why }, actor)),
    replace: async (id, { token, reason }, actor) => {
      try {
        return await changed(db, async (tx) => {
          if (!(await revoke(tx, { id, reason, ifMatch: null }, actor))) return false
          tx.another()
          await insert(tx, token, actor)
          return true
        })
      } catch (error) {
        throw nameTaken(error)
      }
    },
  }
}

async function changed(
  db: Database,
  work: (tx: WriteTx) => Promise<boolean>,
): Promise<{ readonly seq: number | null } | undefined> {
  const { value, seq } = await db.write(SOURCE, work)
  return value ? { seq } : undefined
}

async function insert(tx: WriteTx, token: TokenToMake, actor: Actor): Promise<void> {
  const { id, forUser, name, description, secret, rights, isActive } = token
  const row = await tx.sql
    .insertInto('tokens')
    .columns([
      'id',
      'user_id',
      'team_id',
      'name',
      'description',
      'hash',
      'hint',
      'permissions',
      'server_id',
      'limits',
      'tags',
      'expires_at',
      'is_active',
    ])
    // Only beside the token in hand, and only while that is live: a revocation and what it forbids cannot pass each other.
    .expression((from) =>
      from
        .selectFrom('tokens as own')
        .select([
          sql<string>`${id}`.as('id'),
          sql<string>`coalesce(${forUser}::text, own.user_id)`.as('user_id'),
          sql<string | null>`${rights.teamId}::text`.as('team_id'),
          sql<string>`${name}`.as('name'),
          sql<string | null>`${description}::text`.as('description'),
          sql<Buffer>`${secret.hash}::bytea`.as('hash'),
          sql<string>`${secret.hint}`.as('hint'),
          sql<string | null>`${permissionsJson(rights)}::jsonb`.as('permissions'),
          sql<string | null>`${rights.serverId}::text`.as('server_id'),
          sql<string | null>`${limitsJson(rights)}::jsonb`.as('limits'),
          sql<string>`${JSON.stringify(token.tags)}::jsonb`.as('tags'),
          expiresAt(rights).as('expires_at'),
          sql<boolean>`${isActive}::boolean`.as('is_active'),
        ])
        .where('own.id', '=', actor.tokenId)
        .where(live('own'))
        .forShare(),
    )
    .returning(emailOf('user_id').as('user'))
    .executeTakeFirst()
  if (row === undefined) throw new GatewayError('unauthenticated', 'the token in hand was revoked or has expired')
  tx.changed('token', id)
  audit(tx, actor, {
    action: 'tokens.create',
    id,
    detail: { name, user: row.user, forUser, hint: secret.hint, ...rightsDetail(rights) },
  })
}

async function update(tx: WriteTx, change: TokenChange, actor: Actor): Promise<boolean> {
  const { id, version, name, description, rights, tags, isActive } = change
  const row = await tx.sql
    .updateTable('tokens')
    .from(rightsBefore(id))
    .set({
      name,
      description,
      permissions: permissionsJson(rights),
      server_id: rights.serverId,
      limits: limitsJson(rights),
      tags: JSON.stringify(tags),
      is_active: isActive,
      version: sql`version + 1`,
      updated_at: sql`now()`,
    })
    .whereRef('tokens.id', '=', 'was.was_id')
    .where('version', '=', version)
    .where('revoked_at', 'is', null)
    .returning(['was_rights', 'was_fields', 'was_owner'])
    .executeTakeFirst()
  if (row === undefined) return false
  tx.changed('token', id)
  const { permissions, serverId, limits } = rights
  const after = { name, description, permissions: permissions && [...permissions], serverId, limits, tags, isActive }
  const said = { name, user: row.was_owner, isActive, ...rightsDetail(rights) }
  const detail = { ...said, ...changesOf(row.was_fields, after), was: row.was_rights }
  audit(tx, actor, { action: 'tokens.update', id, detail })
  return true
}

interface Revocation {
  readonly id: TokenId
  readonly reason: string | null
  readonly ifMatch: number | null
}

async function revoke(tx: WriteTx, { id, reason, ifMatch }: Revocation, actor: Actor): Promise<boolean> {
  const row = await tx.sql
    .updateTable('tokens')
    .from(rightsBefore(id))
    .set({
      revoked_at: sql`now()`,
      revoked_by: actor.email,
      revocation_reason: reason,
      is_active: false,
      version: sql`version + 1`,
      updated_at: sql`now()`,
    })
    .whereRef('tokens.id', '=', 'was.was_id')
    .where('revoked_at', 'is', null)
    .$if(ifMatch !== null, (query) => query.where('version', '=', ifMatch ?? -1))
    .returning(['name', 'was_rights', 'was_owner'])
    .executeTakeFirst()
  if (row === undefined) return false
  tx.changed('token', id)
  const detail = { name: row.name, user: row.was_owner, reason, was: row.was_rights }
  audit(tx, actor, { action: 'tokens.revoke', id, detail })
  return true
}

function audit(
  tx: WriteTx,
  actor: Actor,
  { action, id, detail }: { readonly action: string; readonly id: string; readonly detail: Record<string, unknown> },
): void {
  tx.audit({
    actor: actor.email,
    action,
    targetKind: 'token',
    targetId: id,
    detail: { ...detail, with: actor.tokenId },
  })
}

function rightsDetail({ permissions, serverId, teamId, expiresAt, limits }: Rights): Record<string, unknown> {
  return {
    permissions: permissions === null ? ['*'] : [...permissions],
    serverId,
    ...(teamId === null ? {} : { teamId }),
    ...(limits === null ? {} : { limits }),
    expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString(),
  }
}

function permissionsJson({ permissions }: Rights): string | null {
  return permissions === null ? null : JSON.stringify([...permissions])
}

function limitsJson({ limits }: Rights): string | null {
  return limits === null ? null : JSON.stringify(limits)
}

function expiresAt({ expiresAt: at }: Rights): RawBuilder<Date | null> {
  return sql`${at === null ? null : new Date(at).toISOString()}::timestamptz`
}

function nameTaken(error: unknown): unknown {
  if (constraintOf(error) !== 'tokens_name') return error
  return new GatewayError('conflict', 'you have a token of this name already', { cause: error, field: 'name' })
}

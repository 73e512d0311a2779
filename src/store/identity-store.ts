import { sql } from 'kysely'
import { PLATFORM_ADMIN_ROLE, type UserId } from '#/access/ids.ts'
import type { Actor } from '#/api/actor.ts'
import type { IdentityStore, Taken, Unlinking } from '#/users/identity.ts'
import { iso } from './columns.ts'
import { tellSteps } from './sso-records.ts'
import { BY_GROUPS, reconcile } from './sso-roles.ts'
import type { Database, WriteTx } from './store.ts'

const SOURCE = 'identities'

/** Of `i`: what names an identity in an address. A line break is in no issuer. */
const ID = sql<string>`left(encode(sha256(convert_to(i.issuer || chr(10) || i.subject, 'UTF8')), 'hex'), 32)`

export interface IdentityRules {
  readonly limits: { readonly members: number }
  /** The identity provider that people sign in with; null: with none. What another vouched for before is no way in. */
  readonly issuer: string | null
}

/** Whom identity providers vouch for, in PostgreSQL. */
export function identityStore(db: Database, rules: IdentityRules): IdentityStore {
  const read = db.read(SOURCE)
  return {
    of: async (userId) =>
      await read
        .selectFrom('user_identities as i')
        .select([ID.as('id'), 'i.issuer', 'i.subject', iso('i.linked_at').as('linkedAt')])
        .where('i.user_id', '=', userId)
        .orderBy('i.linked_at')
        .orderBy('i.issuer')
        .execute(),
    unlink: async (unlinking, actor) => {
      const { value, seq } = await db.write(SOURCE, (tx) => unlink(tx, unlinking, { actor, ...rules }))
      return typeof value === 'object' ? { seq, taken: value } : value
    },
  }
}

interface By extends IdentityRules {
  readonly actor: Actor
}

async function unlink(
  tx: WriteTx,
  unlinking: Unlinking,
  { actor, limits, issuer: provider }: By,
): Promise<readonly Taken[] | 'last_way' | undefined> {
  const gone = await remove(tx, unlinking, provider)
  if (gone === undefined) return undefined
  if (!gone.is_gone) return 'last_way'
  const { userId, force } = unlinking
  const sessions = await endOfProvider(tx, userId)
  const { lost, steps } = await reconcile(tx, { userId, roles: [], limits, isAtStake: gone.is_at_stake })
  const { email, issuer, subject } = gone
  tellSteps(tx, steps, { by: actor.by, userId, email })
  if (lost.length > 0) tx.changed('user', userId)
  const detail = {
    email,
    recorded: true,
    issuer,
    subject,
    sessions,
    lost,
    ...(force && { forced: true }),
  }
  tx.audit({ actor: actor.by, action: 'identity.unlink', targetKind: 'user', targetId: userId, detail })
  return steps.filter(({ what }) => what === 'lost')
}

interface Gone {
  readonly email: string
  readonly issuer: string
  readonly subject: string
  /** False: nobody could sign in as this user without it. */
  readonly is_gone: boolean
  readonly is_at_stake: boolean
}

/**
 * What the provider that people sign in with has vouched for is a way in, of which a user has one at most: without a password it is the
 * last. That a provider has vouched for the address stays known: what the user has is not withdrawn when it is linked again.
 */
async function remove(
  tx: WriteTx,
  { userId, id, force }: Unlinking,
  provider: string | null,
): Promise<Gone | undefined> {
  const { rows } = await sql<Gone>`
    WITH mine AS MATERIALIZED (
        SELECT issuer, subject, ${ID} AS id FROM user_identities AS i WHERE user_id = ${userId} ORDER BY issuer FOR UPDATE),
      gone AS (
        DELETE FROM user_identities AS i USING mine WHERE i.issuer = mine.issuer AND i.subject = mine.subject AND mine.id = ${id}
           AND (${force}::boolean OR i.issuer IS DISTINCT FROM ${provider}::text
             OR EXISTS (SELECT 1 FROM passwords WHERE user_id = ${userId})) RETURNING i.issuer),
      marked AS (
        UPDATE users SET created = created || '{"vouched": true}' WHERE id = ${userId} AND EXISTS (SELECT 1 FROM gone)),
      held AS (
        SELECT id FROM sessions WHERE user_id = ${userId} AND provider = 'sso' AND EXISTS (SELECT 1 FROM gone)
         ORDER BY id FOR UPDATE)
    SELECT issuer, subject, (SELECT email FROM users WHERE id = ${userId}) AS email, EXISTS (SELECT 1 FROM gone) AS is_gone,
      (SELECT count(*) FROM held) AS waited_for,
      EXISTS (SELECT 1 FROM role_assignments AS r WHERE r.user_id = ${userId} AND r.role_id = ${PLATFORM_ADMIN_ROLE}
        AND r.team_id IS NULL AND r.granted_by = ${BY_GROUPS}) AS is_at_stake
      FROM mine WHERE id = ${id}`.execute(tx.sql)
  return rows[0]
}

/** A statement of its own, which sees the session of a sign-in that was waited for, and the tokens of those that were locked. */
async function endOfProvider(tx: WriteTx, userId: UserId): Promise<number> {
  const { rows } = await sql<{ readonly sessions: number; readonly tokens: readonly string[] }>`
    WITH over AS (DELETE FROM sessions WHERE user_id = ${userId} AND provider = 'sso' RETURNING id),
      ended AS (DELETE FROM tokens WHERE session_id IN (SELECT id FROM over) RETURNING id)
    SELECT (SELECT count(*)::int FROM over) AS sessions, (SELECT coalesce(json_agg(id), '[]') FROM ended) AS tokens`.execute(
    tx.sql,
  )
  const { sessions = 0, tokens = [] } = rows[0] ?? {}
  tx.changed('token', ...tokens)
  return sessions
}

import { sql } from 'kysely'
import { PLATFORM_ADMIN_ROLE } from '#/access/ids.ts'
import type { Actor } from '#/api/actor.ts'
import type { IdentityStore, Unlinking } from '#/users/identity.ts'
import { iso } from './columns.ts'
import { removeLocked } from './session-rows.ts'
import { tellSteps } from './sso-records.ts'
import { BY_GROUPS, reconcile } from './sso-roles.ts'
import type { Database, WriteTx } from './store.ts'

const SOURCE = 'identities'

/** Of `i`: what names an identity in an address. A line break is in no issuer. */
const ID = sql<string>`left(encode(sha256(convert_to(i.issuer || chr(10) || i.subject, 'UTF8')), 'hex'), 32)`

/** Whom identity providers vouch for, in PostgreSQL. */
export function identityStore(db: Database, limits: { readonly members: number }): IdentityStore {
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
      const { value, seq } = await db.write(SOURCE, (tx) => unlink(tx, unlinking, { actor, limits }))
      return value === 'done' ? { seq } : value
    },
  }
}

interface By {
  readonly actor: Actor
  readonly limits: { readonly members: number }
}

async function unlink(
  tx: WriteTx,
  unlinking: Unlinking,
  { actor, limits }: By,
): Promise<'done' | 'last_way' | undefined> {
  const gone = await remove(tx, unlinking)
  if (gone === undefined) return undefined
  if (!gone.is_gone) return 'last_way'
  const { userId, force } = unlinking
  const sessions = gone.sessions.map((id) => ({ id }))
  if (sessions.length > 0) await removeLocked(tx, sessions)
  const { lost, steps } = await reconcile(tx, { userId, roles: [], limits, isAtStake: gone.is_at_stake })
  const { email, issuer, subject } = gone
  tellSteps(tx, steps, { by: actor.by, userId, email })
  if (lost.length > 0) tx.changed('user', userId)
  const detail = {
    email,
    recorded: true,
    issuer,
    subject,
    sessions: sessions.length,
    lost,
    ...(force && { forced: true }),
  }
  tx.audit({ actor: actor.by, action: 'identity.unlink', targetKind: 'user', targetId: userId, detail })
  return 'done'
}

interface Gone {
  readonly email: string
  readonly issuer: string
  readonly subject: string
  /** False: nobody could sign in as this user without it. */
  readonly is_gone: boolean
  readonly is_at_stake: boolean
  readonly sessions: readonly string[]
}

/** All identities of the user are locked: of two that are unlinked at once, the second one sees that the first is gone. */
async function remove(tx: WriteTx, { userId, id, force }: Unlinking): Promise<Gone | undefined> {
  const { rows } = await sql<Gone>`
    WITH mine AS MATERIALIZED (
        SELECT issuer, subject, ${ID} AS id FROM user_identities AS i WHERE user_id = ${userId} ORDER BY issuer FOR UPDATE),
      gone AS (
        DELETE FROM user_identities AS i USING mine WHERE i.issuer = mine.issuer AND i.subject = mine.subject AND mine.id = ${id}
           AND (${force}::boolean OR (SELECT count(*) FROM mine) > 1
             OR EXISTS (SELECT 1 FROM passwords WHERE user_id = ${userId})) RETURNING i.issuer),
      held AS (
        SELECT id FROM sessions WHERE user_id = ${userId} AND provider = 'sso' AND EXISTS (SELECT 1 FROM gone)
         ORDER BY id FOR UPDATE)
    SELECT issuer, subject, (SELECT email FROM users WHERE id = ${userId}) AS email, EXISTS (SELECT 1 FROM gone) AS is_gone,
      (SELECT coalesce(json_agg(id), '[]') FROM held) AS sessions,
      EXISTS (SELECT 1 FROM role_assignments AS r WHERE r.user_id = ${userId} AND r.role_id = ${PLATFORM_ADMIN_ROLE}
        AND r.team_id IS NULL AND r.granted_by = ${BY_GROUPS}) AS is_at_stake
      FROM mine WHERE id = ${id}`.execute(tx.sql)
  return rows[0]
}

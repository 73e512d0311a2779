import { sql, type RawBuilder } from 'kysely'
import type { TeamId } from '#/access/ids.ts'
import { emailOf, kept, roleName } from './audited.ts'
import { versionIs } from './item-writes.ts'
import type { WriteTx } from './store.ts'

/** Deletes a team; what a record is to say of it. undefined: no such team, one of somebody's own, or another version. */
export async function removeTeam(
  tx: WriteTx,
  id: TeamId,
  ifMatch: number | null,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const row = await tx.sql
    .deleteFrom('teams')
    .where('id', '=', id)
    .where('personal_of', 'is', null)
    .where(versionIs(ifMatch))
    .returning(['name', peopleIn(id).as('people')])
    .executeTakeFirst()
  if (row === undefined) return undefined
  tx.changed('team', id)
  const { tokens, ...people } = row.people
  const [members, roles] = [kept(people.members), kept(people.roles)]
  const more = (members.more || roles.more) && { more: true }
  return { name: row.name, was: { members: members.list, roles: roles.list, tokens, ...more } }
}

interface People {
  readonly members: readonly (readonly [userId: string, isOwner: boolean, email: string])[] | null
  readonly roles:
    readonly (readonly [userId: string, roleId: string, expiresAt: string | null, email: string, role: string])[] | null
  readonly tokens: number
}

/** Of a team that goes: who is in it, the roles that go with it, and how many tokens that were good. */
function peopleIn(id: TeamId): RawBuilder<People> {
  return sql`json_build_object(
    'members', (SELECT json_agg(json_build_array(user_id, is_owner, ${emailOf('user_id')})) FROM team_members WHERE team_id = ${id}),
    'roles', (SELECT json_agg(json_build_array(user_id, role_id, expires_at, ${emailOf('user_id')}, ${roleName('role_id')})) FROM role_assignments WHERE team_id = ${id}),
    'tokens', (SELECT count(*)::int FROM tokens WHERE team_id = ${id} AND is_active AND revoked_at IS NULL))`
}

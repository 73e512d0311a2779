import { AssignmentId, TeamId, TokenId, UserId } from '#/access/ids.ts'
import { PLATFORM_VIEWER, TEAM_DEVELOPER, type Role } from '#/access/roles.ts'
import { mintToken } from '#/access/token-format.ts'
import type { OpenDatabase } from '#/store/database.ts'

export const TEAM_PEOPLE = ['viewer', 'member', 'developer', 'team admin', 'other member'] as const
export type TeamPerson = (typeof TEAM_PEOPLE)[number]

interface Person {
  readonly team: 'own' | 'other' | null
  readonly isOwner?: boolean
  readonly role?: Role
}

/** Everybody may look around in the platform; the rest is what they are in a team. */
const PEOPLE: Readonly<Record<TeamPerson, Person>> = {
  viewer: { team: null },
  member: { team: 'own' },
  developer: { team: 'own', role: TEAM_DEVELOPER },
  'team admin': { team: 'own', isOwner: true },
  'other member': { team: 'other' },
}

export interface People {
  /** Two that people share, and the member's personal one. */
  readonly teams: Readonly<Record<'own' | 'other' | 'member', string>>
  readonly tokens: Readonly<Record<TeamPerson, string>>
}

/** Two teams and who is in them, written as if it had always been so. */
export async function makePeople(db: OpenDatabase): Promise<People> {
  const teams = { own: TeamId.mint(), other: TeamId.mint() }
  await db.write('tests', async (tx) => {
    const rows = [teams.own, teams.other].map((id) => ({ id, name: `team ${id}`, slug: id }))
    await tx.sql.insertInto('teams').values(rows).execute()
    tx.changed('team', teams.own, teams.other)
  })
  const tokens = {} as Record<TeamPerson, string>
  let personal = ''
  for (const name of TEAM_PEOPLE) {
    const { team, isOwner = false, role } = PEOPLE[name]
    const user = await makeUser(db, name.replace(' ', '-'))
    tokens[name] = user.token
    if (name === 'member') personal = user.id
    const teamId = team === null ? null : teams[team]
    const held = [
      { role_id: PLATFORM_VIEWER.id, team_id: null },
      ...(role === undefined ? [] : [{ role_id: role.id, team_id: teamId }]),
    ]
    await db.write('tests', async (tx) => {
      const grants = held.map((each) => ({ id: AssignmentId.mint(), user_id: user.id, ...each }))
      await tx.sql.insertInto('role_assignments').values(grants).execute()
      const member = { id: AssignmentId.mint(), team_id: teamId ?? '', user_id: user.id, is_owner: isOwner }
      if (teamId !== null) await tx.sql.insertInto('team_members').values(member).execute()
      tx.changed('user', user.id)
    })
  }
  return { teams: { ...teams, member: personal }, tokens }
}

/** A user who owns nothing and holds nothing, with a personal team and a token. */
export async function makeUser(db: OpenDatabase, name: string, enabled = true): Promise<{ id: UserId; token: string }> {
  const id = UserId.mint()
  const tokenId = TokenId.mint()
  const token = mintToken()
  await db.write('tests', async (tx) => {
    await tx.sql
      .insertInto('users')
      .values({ id, email: `${name}@example.com`, enabled })
      .execute()
    await tx.sql
      .insertInto('teams')
      .values({ id, name, slug: `personal-${id}`, personal_of: id })
      .execute()
    const row = { id: tokenId, user_id: id, name, hash: token.hash, hint: token.hint }
    await tx.sql.insertInto('tokens').values(row).execute()
    tx.changed('user', id)
    tx.changed('token', tokenId)
  })
  return { id, token: token.text }
}

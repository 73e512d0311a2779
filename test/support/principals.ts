import { TokenId, type UserId } from '#/access/ids.ts'
import { principalOf, type LiveToken } from '#/access/principal-of.ts'
import type { Principal } from '#/access/principal.ts'
import { administratorStanding, BUILT_IN_ORDERS, standingOf, type KnownUser } from '#/access/standing.ts'

/** A user who holds nothing but its own team. */
export const plainUser = (id: UserId, over: Partial<KnownUser> = {}): KnownUser => ({
  id,
  email: 'user@example.com',
  enabled: true,
  memberships: [],
  assignments: [],
  ...over,
})

export const wideToken = (userId: UserId, over: Partial<LiveToken> = {}): LiveToken => ({
  id: TokenId.mint(),
  userId,
  teamId: null,
  permissions: null,
  serverId: null,
  expiresAt: null,
  limits: null,
  ...over,
})

/** An administrator, with a token that is narrowed by `over`. */
export function adminPrincipal(userId: UserId, over: Partial<LiveToken> = {}): Principal {
  const user = plainUser(userId, { email: 'admin@example.com' })
  return principalOf(wideToken(userId, over), user, administratorStanding(user))
}

/** A user as it is, where there are no teams that people share. */
export function plainPrincipal(user: KnownUser, over: Partial<LiveToken> = {}): Principal {
  return principalOf(wideToken(user.id, over), user, standingOf(user, BUILT_IN_ORDERS, 0))
}

/** SQL: whether the user u holds the administrator's role; and what makes user $1 hold it. */
export const HOLDS_ADMIN = `EXISTS (SELECT 1 FROM role_assignments AS a JOIN roles AS r ON r.id = a.role_id
  WHERE a.user_id = u.id AND r.name = 'platform_admin' AND a.team_id IS NULL)`
export const makeAdminSql = (userId: string): string =>
  `INSERT INTO role_assignments (id, user_id, role_id) SELECT '${userId}', '${userId}', id FROM roles WHERE name = 'platform_admin'
   ON CONFLICT DO NOTHING`

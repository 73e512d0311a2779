import { sql, type RawBuilder } from 'kysely'
import { PLATFORM_ADMIN_ROLE } from '#/access/ids.ts'

/** Whether a user, a row of the table `users` under this name, holds the role that sees everything. */
export function isAdministrator(users: string): RawBuilder<boolean> {
  return sql<boolean>`EXISTS (SELECT 1 FROM role_assignments AS a WHERE a.user_id = ${sql.ref(`${users}.id`)}
    AND a.role_id = ${PLATFORM_ADMIN_ROLE} AND a.team_id IS NULL AND (a.expires_at IS NULL OR a.expires_at > now()))`
}

/** What a user's own team is called. */
export function personalTeamName(email: string): string {
  return `${email.slice(0, 240)}'s team`
}

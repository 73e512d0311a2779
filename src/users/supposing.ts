import { PLATFORM_ADMIN_ROLE, PLATFORM_VIEWER_ROLE } from '#/access/ids.ts'
import type { Otherwise } from '#/access/otherwise.ts'
import type { Principal } from '#/access/principal.ts'
import type { Assignment, KnownUser } from '#/access/standing.ts'
import { dryRunReply } from '#/api/dry-run.ts'
import type { Reply } from '#/api/endpoint.ts'
import { effectsOf } from '#/catalog/effects.ts'
import { knownUser } from '#/catalog/known-user.ts'
import type { Snapshot } from '#/catalog/snapshot.ts'
import type { Taken } from './identity.ts'
import type { NewUser, PeopleDeps, User } from './user.ts'
import type { UserUpdate } from './user-view.ts'

interface Supposing {
  readonly user: Pick<User, 'id'>
  /** null: it is gone. */
  readonly body: Pick<UserUpdate, 'is_active' | 'is_admin'> | null
}

/** What it would change that a user is kept out, let in, made or no longer an administrator, or that it is gone. */
export async function supposing(
  deps: PeopleDeps,
  asking: Principal,
  { user: { id }, body }: Supposing,
): Promise<Reply> {
  const now = await deps.fresh()
  const known = knownUser(now, { id })
  const others = known.assignments.filter((each) => !isAdministrators(each))
  const { is_active: enabled = known.enabled, is_admin: isAdmin } = body ?? {}
  const assignments = isAdmin === undefined ? known.assignments : isAdmin ? [...others, ADMINISTRATORS] : others
  return await told(now, asking, { users: new Map([[id, body === null ? null : { ...known, enabled, assignments }]]) })
}

/** What it would change that there is a user more. */
export async function supposingNew({ fresh }: PeopleDeps, asking: Principal, user: NewUser): Promise<Reply> {
  const { id, email, enabled, isAdmin } = user
  const assignments = [{ ...ADMINISTRATORS, roleId: PLATFORM_VIEWER_ROLE }, ...(isAdmin ? [ADMINISTRATORS] : [])]
  const made: KnownUser = { id, email, enabled, memberships: [], assignments }
  return await told(await fresh(), asking, { users: new Map([[id, made]]) })
}

/** What it would change that a user is without what groups brought. */
export async function supposingWithout(
  { fresh }: PeopleDeps,
  asking: Principal,
  { user: { id }, taken }: { readonly user: Pick<User, 'id'>; readonly taken: readonly Taken[] },
): Promise<Reply> {
  const now = await fresh()
  const known = knownUser(now, { id })
  const has = (roleId: string | null, teamId: string | null): boolean =>
    !taken.some((each) => each.roleId === roleId && each.teamId === teamId)
  const memberships = known.memberships.filter(({ teamId }) => has(null, teamId))
  const assignments = known.assignments.filter(({ roleId, teamId }) => has(roleId, teamId))
  return await told(now, asking, { users: new Map([[id, { ...known, memberships, assignments }]]) })
}

async function told(now: Snapshot, asking: Principal, after: Otherwise): Promise<Reply> {
  return dryRunReply(await effectsOf(now, { after, asking }))
}

const ADMINISTRATORS: Assignment = { roleId: PLATFORM_ADMIN_ROLE, teamId: null, expiresAt: null }

const isAdministrators = ({ roleId, teamId }: Assignment): boolean => roleId === PLATFORM_ADMIN_ROLE && teamId === null

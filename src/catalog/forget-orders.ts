import type { Pace } from '#/lib/pace.ts'
import type { CatalogEdit } from './edit.ts'
import { each } from './load.ts'
import type { CatalogUser } from './model.ts'
import type { CatalogState } from './state.ts'

/** Teams and roles that are gone. */
export interface GoneOrders {
  readonly teams: ReadonlySet<string>
  readonly roles: ReadonlySet<string>
}

/** Deletes teams and roles and, as the database does with them, who was in them, who held them, and the tokens of the teams. */
export async function forgetOrders(
  state: CatalogState,
  edit: CatalogEdit,
  { gone, slice }: { readonly gone: GoneOrders; readonly slice: Pace },
): Promise<void> {
  const { people } = edit
  for (const id of gone.teams) people.deleteTeam(id)
  for (const id of gone.roles) people.deleteRole(id)
  await each(state.users.values(), {
    slice,
    put: (user) => {
      const left = without(user, gone)
      if (left !== user) people.putUser(left)
    },
  })
  await each(state.tokens.values(), {
    slice,
    put: ({ id, teamId }) => (teamId !== null && gone.teams.has(teamId) ? people.deleteToken(id) : undefined),
  })
}

function without(user: CatalogUser, { teams, roles }: GoneOrders): CatalogUser {
  const memberships = user.memberships.filter(({ teamId }) => !teams.has(teamId))
  const assignments = user.assignments.filter(
    ({ roleId, teamId }) => !roles.has(roleId) && (teamId === null || !teams.has(teamId)),
  )
  const same = memberships.length === user.memberships.length && assignments.length === user.assignments.length
  return same ? user : { ...user, memberships, assignments }
}

import { buildSnapshot } from '#/catalog/build.ts'
import { roleRehearsal } from '#/store/role-rehearsal.ts'
import { roleStore } from '#/store/role-store.ts'
import { teamEntryStore } from '#/store/team-entry-store.ts'
import { teamStore } from '#/store/team-store.ts'
import { identityStore } from '#/store/identity-store.ts'
import { userRehearsal } from '#/store/user-rehearsal.ts'
import { userStore } from '#/store/users-store.ts'
import { signInEvents } from '#/store/sign-in-events.ts'
import { signInStore } from '#/store/sign-in-store.ts'
import { signInPlaces } from '#/users/sign-in-places.ts'
import { createDeadlines } from '#/lib/deadlines.ts'
import type { RestDeps } from '#/http/rest-endpoints.ts'
import type { Database } from '#/store/store.ts'
import { rehearsal, rehearsed } from '#/store/rehearsal.ts'

const settled = async (): Promise<void> => undefined
const TEAMS = { members: 100, perUser: 50 }
const VOUCHED = { limits: TEAMS, issuer: null }
const fresh = async () => snapshot()
const times = { idleMs: 60_000, totalMs: 60_000 }
const NOBODY = { registration: false, failed: () => {}, foreignEnd: () => undefined }
const SIGN_IN = { ...NOBODY, places: signInPlaces(createDeadlines()), times, settled }
export const snapshot = () => buildSnapshot({})

/** Whom there is and what they hold, where nobody is known but by the database. */
export function peopleParts(db: Database): Pick<RestDeps, 'users' | 'teams' | 'roles'> {
  return {
    users: {
      store: userStore(db),
      rehearsal: userRehearsal(db),
      identities: identityStore(db, VOUCHED),
      identitiesRehearsal: identityStore(rehearsal(db), VOUCHED),
      events: signInEvents(db),
      fresh,
      settled,
      signIn: { store: signInStore(db), ...SIGN_IN },
      sso: null,
    },
    teams: {
      ...rehearsed(db, (each) => teamStore(each, TEAMS)),
      entries: teamEntryStore(db, TEAMS),
      entriesRehearsal: teamEntryStore(rehearsal(db), TEAMS),
      limits: TEAMS,
      publicUrl: null,
      fresh,
      settled,
    },
    roles: { store: roleStore(db), rehearsal: roleRehearsal(db), snapshot, fresh, settled },
  }
}

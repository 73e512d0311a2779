import { emailKey } from '#/lib/email-key.ts'
import { roleOf, type StoredRole } from '#/access/roles.ts'
import type { CatalogTeam, CatalogToken, CatalogUser } from './model.ts'
import { sameThing } from './same-thing.ts'
import { newStamp, type CatalogState } from './state.ts'

/** The part of a state that says who there is and what they hold. */
export type People = Pick<
  CatalogState,
  'users' | 'usersByEmail' | 'teams' | 'roles' | 'ordersStamp' | 'tokens' | 'tokensByHash'
>

/** Changes users, their tokens, teams and roles. A thing that was read again and says the same is left alone. */
export class PeopleEdit {
  readonly #users
  readonly #usersByEmail
  readonly #teams
  readonly #roles
  readonly #tokens
  readonly #tokensByHash
  #ordersStamp: number

  constructor(from: People) {
    this.#users = from.users.edit()
    this.#usersByEmail = from.usersByEmail.edit()
    this.#teams = from.teams.edit()
    this.#roles = from.roles.edit()
    this.#tokens = from.tokens.edit()
    this.#tokensByHash = from.tokensByHash.edit()
    this.#ordersStamp = from.ordersStamp
  }

  putUser(user: CatalogUser): void {
    const old = this.#users.get(user.id)
    if (old !== undefined && sameThing(old, user)) return
    this.deleteUser(user.id)
    this.#users.set(user.id, user)
    this.#usersByEmail.set(emailKey(user.email), user.id)
  }

  deleteUser(id: string): void {
    const old = this.#users.get(id)
    if (old === undefined) return
    this.#users.delete(id)
    // Its address may be another's by now.
    const address = emailKey(old.email)
    if (this.#usersByEmail.get(address) === id) this.#usersByEmail.delete(address)
  }

  putTeam(team: CatalogTeam): void {
    const old = this.#teams.get(team.id)
    if (old !== undefined && sameThing(old, team)) return
    this.#teams.set(team.id, team)
    this.#ordersStamp = newStamp()
  }

  deleteTeam(id: string): void {
    if (this.#teams.get(id) === undefined) return
    this.#teams.delete(id)
    this.#ordersStamp = newStamp()
  }

  /** A role that was read again counts as changed: it is read only when somebody said so. */
  putRole(stored: StoredRole): void {
    const role = roleOf(stored)
    if (this.#roles.get(role.id) === role) return
    this.#roles.set(role.id, role)
    this.#ordersStamp = newStamp()
  }

  deleteRole(id: string): void {
    if (this.#roles.get(id) === undefined) return
    this.#roles.delete(id)
    this.#ordersStamp = newStamp()
  }

  putToken(token: CatalogToken): void {
    const old = this.#tokens.get(token.id)
    if (old !== undefined && sameThing(old, token)) return
    this.deleteToken(token.id)
    this.#tokens.set(token.id, token)
    this.#tokensByHash.set(token.hash, token)
  }

  deleteToken(id: string): void {
    const old = this.#tokens.get(id)
    if (old === undefined) return
    this.#tokens.delete(id)
    this.#tokensByHash.delete(old.hash)
  }

  done(): People {
    return {
      users: this.#users.done(),
      usersByEmail: this.#usersByEmail.done(),
      teams: this.#teams.done(),
      roles: this.#roles.done(),
      ordersStamp: this.#ordersStamp,
      tokens: this.#tokens.done(),
      tokensByHash: this.#tokensByHash.done(),
    }
  }
}

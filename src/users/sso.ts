import type { UserId } from '#/access/ids.ts'
import type { ClientNetwork } from '#/access/client-network.ts'
import type { Changed } from '#/api/actor.ts'
import type { FreshSession, SignInDeps } from './session.ts'
import type { SsoLogins } from './sso-login.ts'
import type { SsoProvider } from './sso-provider.ts'

/** A role that a group brings: in the platform, or in a team that is named by its id or its slug: the oldest that has it. */
export interface GroupRole {
  readonly role: string
  readonly team: string | null
}

/** What the operator decided about people who come from the identity provider. */
export interface SsoRules {
  readonly issuer: string
  readonly groups: ReadonlyMap<string, readonly GroupRole[]>
  /** Of e-mail addresses, in lower case; null: any. */
  readonly domains: readonly string[] | null
  readonly makesUsers: boolean
}

/** Whom the provider vouches for. */
export interface Vouched {
  /** Never given to somebody else, as an address may be. */
  readonly subject: string
  /** null: none that is verified. */
  readonly email: string | null
  readonly fullName: string | null
  readonly groups: readonly string[]
}

/** Who may be meant. */
export interface Known {
  /** Who has signed in as this subject before. */
  readonly linked: Linked | null
  /** Who has the address here. */
  readonly named: Named | null
}

interface Linked {
  readonly userId: UserId
  readonly email: string
}

export interface Named {
  readonly userId: UserId
  /** To another subject already. */
  readonly isLinked: boolean
  readonly isPerson: boolean
}

/** `link`: from now on the subject stands for this user; `make`: for a new one. */
export interface Person {
  readonly kind: 'known' | 'link' | 'make'
  readonly userId: UserId
  /** By which it is a user here. */
  readonly email: string
}

/** That something is done once. */
export interface Mark {
  /** SHA-256 of what names it. */
  readonly name: Buffer
  /** For so long it could be tried again. */
  readonly leftMs: number
}

/** One sign-in as it is written: the mark that it was used, who comes, what its groups bring, and the session. */
export interface Entry {
  readonly mark: Mark
  readonly issuer: string
  readonly vouched: Vouched
  readonly person: Person
  /** All that the groups bring: what they brought before and is not among it is lost. */
  readonly roles: readonly GroupRole[]
  readonly session: FreshSession
}

export interface Entered extends Changed {
  readonly email: string
}

export interface SsoStore {
  known(issuer: string, subject: string, email: string | null): Promise<Known>
  /** How long nobody of this network is heard, because so much of what came from there was refused; null: it is heard. */
  closedForMs(network: ClientNetwork): Promise<number | null>
  /** What the provider refused is counted like a wrong password. */
  refused(network: ClientNetwork): Promise<void>
  /** False: somebody did before. */
  claim(mark: Mark): Promise<boolean>
  /** It came to nothing and may be tried again. */
  release(mark: Mark): Promise<void>
  /** `used`: the login was finished before; `changed`: who is meant is somebody else by now; `disabled`: may not come in. */
  enter(entry: Entry): Promise<Entered | 'used' | 'changed' | 'disabled'>
}

/** How people come in whom an identity provider vouches for. */
export interface SsoDeps {
  readonly rules: SsoRules
  /** Where a browser begins: at the name under which it will come back. */
  readonly loginUrl: string
  readonly provider: SsoProvider
  readonly logins: SsoLogins
  readonly store: SsoStore
  readonly signIn: Pick<SignInDeps, 'times' | 'failed' | 'settled'>
  /** A place to begin: very many are, but of one network not all. */
  readonly beginnings: SignInDeps['places']
  /** A place to ask the provider; few do at a time, and of one network few wait. */
  readonly places: SignInDeps['places']
}

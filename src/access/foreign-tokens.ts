import type { KeyObject } from 'node:crypto'
import { GatewayError } from '#/errors/gateway-error.ts'
import { CrowdProofMap } from '#/lib/crowd-proof-map.ts'
import { emailKey } from '#/lib/email-key.ts'
import type { TokenId, UserId } from './ids.ts'
import { isSignedBy, readJwt, type JwtAlgorithm, type UnverifiedJwt } from './jwt.ts'
import { meaningOf, SKEW_MS, type JwtMeaning, type JwtRules } from './jwt-claims.ts'
import type { KeySource } from './jwt-keys.ts'
import type { LiveToken } from './principal-of.ts'

export interface ForeignOptions {
  readonly rules: JwtRules
  readonly algorithm: JwtAlgorithm
  readonly keys: KeySource
}

/** Users by their addresses, as `emailKey` writes them. */
export interface Addresses {
  userByEmail(email: string): UserId | undefined
}

/** What was verified, and by which key, as the token names it. */
interface Verified {
  readonly meaning: JwtMeaning
  readonly emailKey: string
  readonly kid: string | undefined
  readonly key: KeyObject
}

interface Checked extends Verified {
  /** Of the keys among which that key was seen last. */
  generation: number
  live: LiveToken
}

const MOST_CHECKED = 10_000
/** Strangers among them: who waits has shown nothing yet. */
const MOST_WAITING = 1_000

/**
 * Tokens that somebody else signed. Each is verified once, and is good while its key is one of the issuer's; whose it is, is looked up
 * on each call.
 */
export class ForeignTokens {
  readonly #options: ForeignOptions
  readonly #checked = new CrowdProofMap<Checked>(MOST_CHECKED)
  /** For as long as something goes on with them, also where others took their place among the checked ones. */
  readonly #found = new WeakMap<LiveToken, Checked>()
  #waiting = 0

  constructor(options: ForeignOptions) {
    this.#options = options
  }

  /** undefined: it is no signed token at all. Throws where it is one that is not good here. `hash`: of the token, hex. */
  find(
    text: string,
    hash: string,
    { users, now }: { readonly users: Addresses; readonly now: number },
  ): LiveToken | undefined {
    const known = this.#checked.get(hash)
    if (known !== undefined && this.#options.keys.isKnown && this.#isStillSigned(known))
      return this.#ofUser(known, users)
    const jwt = readJwt(text)
    if (jwt === null) return undefined
    const verified = this.#verified(jwt, now)
    const userId = users.userByEmail(verified.emailKey)
    if (userId === undefined) throw refused(NOBODY)
    return this.#remember(hash, verified, userId).live
  }

  /** What was found before, as it is now; undefined: it was not found here. Throws where it is good no longer. */
  again(live: LiveToken, users: Addresses): LiveToken | undefined {
    const known = this.#found.get(live)
    if (known === undefined) return undefined
    if (!this.#options.keys.isKnown) throw keysUnknown()
    if (!this.#isStillSigned(known)) throw refused('its issuer has withdrawn the key that signed it')
    const now = this.#ofUser(known, users)
    // What one user began goes on as no other's.
    if (now.userId !== live.userId) throw refused('it stands for another user by now')
    return now
  }

  /** Until when a token says that it is good, ms since the epoch; undefined: it was not found here. */
  endOf(live: LiveToken): number | undefined {
    const known = this.#found.get(live)
    return known && known.meaning.expiresAt - SKEW_MS
  }

  /** Resolves when it is worth to look at a refused token again; undefined: it is not, or very many wait for that. */
  readonly worthWaiting = (text: string): Promise<void> | undefined => {
    const jwt = readJwt(text)
    const { algorithm, keys } = this.#options
    if (jwt === null || jwt.algorithm !== algorithm || (keys.isKnown && keys.find(jwt.kid))) return undefined
    const asked = this.#waiting < MOST_WAITING ? keys.refresh() : undefined
    if (asked === undefined) return undefined
    this.#waiting += 1
    return asked.finally(() => (this.#waiting -= 1))
  }

  #verified(jwt: UnverifiedJwt, now: number): Verified {
    const { rules, algorithm, keys } = this.#options
    if (jwt.algorithm !== algorithm) throw refused('it is not signed in the way that this gateway accepts')
    const meaning = meaningOf(jwt, rules, now)
    if (typeof meaning === 'string') throw refused(meaning)
    if (!keys.isKnown) throw keysUnknown()
    const key = keys.find(jwt.kid)
    if (key === undefined || !isSignedBy(jwt, key, algorithm)) throw refused('its signature is not good')
    return { meaning, emailKey: emailKey(meaning.email), kid: jwt.kid, key }
  }

  /** Of other keys than before: whether the one that signed it is still among them, which needs no look at the signature. */
  #isStillSigned(known: Checked): boolean {
    const { keys } = this.#options
    if (known.generation === keys.generation) return true
    if (keys.find(known.kid)?.equals(known.key) !== true) return false
    known.generation = keys.generation
    return true
  }

  #remember(hash: string, verified: Verified, userId: UserId): Checked {
    const id = foreignId(hash)
    const { email: _, ...narrowed } = verified.meaning
    const live = { id, userId, limits: null, ...narrowed }
    const checked = { ...verified, generation: this.#options.keys.generation, live }
    this.#checked.set(hash, checked)
    this.#found.set(live, checked)
    return checked
  }

  /** Addresses move from one user to another. */
  #ofUser(checked: Checked, users: Addresses): LiveToken {
    const userId = users.userByEmail(checked.emailKey)
    if (userId === undefined) throw refused(NOBODY)
    if (userId !== checked.live.userId) {
      checked.live = { ...checked.live, userId }
      this.#found.set(checked.live, checked)
    }
    return checked.live
  }
}

/** Has the form of an id that nobody here mints, and only ever stands for what was hashed. `hash`: SHA-256, hex. */
export function foreignId(hash: string): TokenId {
  return `${hash.slice(0, 12)}4${hash.slice(13, 16)}8${hash.slice(17, 32)}` as TokenId
}

/** Whether a token is somebody else's: none of ours is random all over (UUID version 4 in place of 7). */
export function isForeign(id: TokenId): boolean {
  return id[12] === '4'
}

const NOBODY = 'it names nobody who is a user here'

function keysUnknown(): GatewayError {
  const message = "the keys of the token's issuer cannot be had; try again"
  return new GatewayError('unavailable', message, { retryAfter: 5 })
}

function refused(why: string): GatewayError {
  return new GatewayError('unauthenticated', `Invalid authentication credentials: ${why}`, { isBadToken: true })
}

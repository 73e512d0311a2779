import { GatewayError } from '#/errors/gateway-error.ts'
import type { TokenId, UserId } from './ids.ts'
import { isSignedBy, readJwt, type JwtAlgorithm, type UnverifiedJwt } from './jwt.ts'
import { meaningOf, type JwtMeaning, type JwtRules } from './jwt-claims.ts'
import type { KeySource } from './jwt-keys.ts'
import type { LiveToken } from './principal-of.ts'

export interface ForeignOptions {
  readonly rules: JwtRules
  readonly algorithm: JwtAlgorithm
  readonly keys: KeySource
}

/** Users by their addresses, in lower case. */
export interface Addresses {
  userByEmail(email: string): UserId | undefined
}

interface Checked {
  readonly meaning: JwtMeaning
  readonly generation: number
  live: LiveToken
}

const MOST_CHECKED = 10_000

/** Tokens that somebody else signed. Each is verified once, and again when the keys change; whose it is, is looked up on each call. */
export class ForeignTokens {
  readonly #options: ForeignOptions
  readonly #checked = new Map<string, Checked>()
  readonly #byId = new Map<TokenId, Checked>()

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
    if (known?.generation === this.#options.keys.generation && this.#options.keys.isKnown)
      return this.#ofUser(known, users)
    const jwt = readJwt(text)
    if (jwt === null) return undefined
    const meaning = this.#verified(jwt, now)
    const userId = users.userByEmail(meaning.email.toLowerCase())
    if (userId === undefined) throw refused('it names nobody who is a user here')
    return this.#remember(hash, meaning, userId).live
  }

  /** What was found before. */
  byId(id: TokenId, users: Addresses): LiveToken | undefined {
    const known = this.#byId.get(id)
    return known && this.#ofUser(known, users)
  }

  /** Resolves when it is worth to look at a refused token again; undefined: it is not. */
  readonly worthWaiting = (text: string): Promise<void> | undefined => {
    const jwt = readJwt(text)
    const { algorithm, keys } = this.#options
    if (jwt === null || jwt.algorithm !== algorithm || (keys.isKnown && keys.find(jwt.kid))) return undefined
    return keys.refresh()
  }

  #verified(jwt: UnverifiedJwt, now: number): JwtMeaning {
    const { rules, algorithm, keys } = this.#options
    if (jwt.algorithm !== algorithm) throw refused('it is not signed in the way that this gateway accepts')
    const meaning = meaningOf(jwt, rules, now)
    if (typeof meaning === 'string') throw refused(meaning)
    if (!keys.isKnown)
      throw new GatewayError('unavailable', "the keys of the token's issuer cannot be had; try again", {
        retryAfter: 5,
      })
    const key = keys.find(jwt.kid)
    if (key === undefined || !isSignedBy(jwt, key, algorithm)) throw refused('its signature is not good')
    return meaning
  }

  #remember(hash: string, meaning: JwtMeaning, userId: UserId): Checked {
    for (const [oldest, { live }] of this.#checked) {
      if (this.#checked.size < MOST_CHECKED) break
      this.#checked.delete(oldest)
      this.#byId.delete(live.id)
    }
    // Has the form of an id, and only ever stands for this token.
    const id = `${hash.slice(0, 12)}4${hash.slice(13, 16)}8${hash.slice(17, 32)}` as TokenId
    const { email: _, ...narrowed } = meaning
    const checked = {
      meaning,
      generation: this.#options.keys.generation,
      live: { id, userId, limits: null, ...narrowed },
    }
    this.#checked.set(hash, checked)
    this.#byId.set(id, checked)
    return checked
  }

  /** Addresses move from one user to another. */
  #ofUser(checked: Checked, users: Addresses): LiveToken | undefined {
    const userId = users.userByEmail(checked.meaning.email.toLowerCase())
    if (userId === undefined) throw refused('it names nobody who is a user here')
    if (userId !== checked.live.userId) checked.live = { ...checked.live, userId }
    return checked.live
  }
}

function refused(why: string): GatewayError {
  return new GatewayError('unauthenticated', `Invalid authentication credentials: ${why}`)
}

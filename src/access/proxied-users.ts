import { hash } from 'node:crypto'
import { GatewayError } from '#/errors/gateway-error.ts'
import { emailKey } from '#/lib/email-key.ts'
import { foreignId, type Addresses } from './foreign-tokens.ts'
import type { TokenId, UserId } from './ids.ts'
import type { LiveToken } from './principal-of.ts'

/** Users whom a trusted proxy names: each as a token would make it, that narrows nothing. */
export class ProxiedUsers {
  readonly #byUser = new Map<UserId, LiveToken>()
  readonly #byId = new Map<TokenId, LiveToken>()
  readonly #mostKnown: number

  constructor(mostKnown = 100_000) {
    this.#mostKnown = mostKnown
  }

  /** `named`: as often as the proxy did. Throws where that is nobody here, or not one. */
  find(named: readonly string[], users: Addresses): LiveToken {
    const [email = '', ...others] = named
    if (others.length > 0) throw new GatewayError('invalid_request', 'the proxy names more than one user')
    const userId = users.userByEmail(emailKey(email.trim()))
    if (userId === undefined)
      throw new GatewayError('unauthenticated', 'Invalid authentication credentials: the proxy names nobody here')
    const known = this.#byUser.get(userId)
    if (known === undefined) return this.#remember(userId)
    // Who came last is forgotten last.
    this.#byUser.delete(userId)
    this.#byUser.set(userId, known)
    return known
  }

  /** What was found before. */
  byId(id: TokenId): LiveToken | undefined {
    return this.#byId.get(id)
  }

  #remember(userId: UserId): LiveToken {
    for (const [oldest, { id }] of this.#byUser) {
      if (this.#byUser.size < this.#mostKnown) break
      this.#byUser.delete(oldest)
      this.#byId.delete(id)
    }
    const id = foreignId(hash('sha256', `proxied ${userId}`))
    const token = { id, userId, teamId: null, permissions: null, serverId: null, expiresAt: null, limits: null }
    this.#byUser.set(userId, token)
    this.#byId.set(id, token)
    return token
  }
}

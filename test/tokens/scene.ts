import { allowAny } from '../../src/access/allow.ts'
import type { Principal } from '../../src/access/principal.ts'
import { principalOf } from '../../src/access/principal-of.ts'
import { mintToken } from '../../src/access/token-format.ts'
import { GatewayError } from '../../src/errors/gateway-error.ts'
import { rehearsed } from '../../src/store/rehearsal.ts'
import { tokenStore } from '../../src/store/token-store.ts'
import { administratorStore } from '../../src/store/user-store.ts'
import { ensureAdministrator } from '../../src/tokens/administrator.ts'
import { createToken } from '../../src/tokens/create-token.ts'
import type { TokenCreate } from '../../src/tokens/token-input.ts'
import type { TokenDeps } from '../../src/tokens/token-store.ts'
import { testDatabase } from '../support/database.ts'
import { buildSnapshot } from '#/catalog/build.ts'
import { effectsOf } from '#/catalog/effects.ts'
import { administratorStanding } from '#/access/standing.ts'
import { plainUser } from '../support/principals.ts'

/** A database with an administrator, and the use cases on it. */
export async function tokenScene() {
  const fresh = await testDatabase()
  await ensureAdministrator(administratorStore(fresh.db), { email: 'admin@example.com', token: mintToken().text })
  const settled: (number | null)[] = []
  const deps: TokenDeps = {
    ...rehearsed(fresh.db, tokenStore),
    foresee: (after, asking, kind = 'tool') => effectsOf(buildSnapshot({}), { after, asking, kind }),
    settled: async (seq) => void settled.push(seq),
  }
  /** The principal of a stored token, as the snapshot would give it. */
  const principal = async (id?: string): Promise<Principal> => {
    const page = await deps.store.page({ limit: null, after: null, includeInactive: true }, { userId: null, offset: 0 })
    const token = page.rows.find((each) => (id === undefined ? each.name.startsWith('administrator') : each.id === id))
    if (token === undefined) throw new Error('no such token')
    const user = plainUser(token.userId, { email: token.userEmail })
    const live = { ...token, expiresAt: token.expiresAt === null ? null : Date.parse(token.expiresAt) }
    return principalOf(live, user, administratorStanding(user))
  }
  const create = async (body: TokenCreate, options: { who?: Principal; key?: string; hash?: string } = {}) =>
    createToken(deps, {
      body,
      grant: allowAny(options.who ?? (await principal()), 'tokens.create'),
      idempotency: options.key ? { key: options.key, hash: Buffer.from(options.hash ?? options.key) } : null,
    })
  return { fresh, deps, settled, principal, create, [Symbol.asyncDispose]: () => fresh[Symbol.asyncDispose]() }
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'none'
  } catch (error) {
    if (error instanceof GatewayError) return `${error.code} ${error.field ?? ''}`.trim()
    throw error
  }
}

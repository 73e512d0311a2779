import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { allowAny } from '#/access/allow.ts'
import { ForeignTokens } from '#/access/foreign-tokens.ts'
import { UserId } from '#/access/ids.ts'
import { givenKey } from '#/access/jwt-keys.ts'
import { identifier, type Directory } from '#/access/principal-of.ts'
import { BUILT_IN_ROLES, PLATFORM_ADMIN } from '#/access/roles.ts'
import type { KnownUser } from '#/access/standing.ts'
import { loadState } from '#/catalog/load.ts'
import { viewOf } from '#/catalog/view.ts'
import { catalogReader } from '#/store/catalog-store.ts'
import { testDatabase } from '../support/database.ts'
import { sharedSecret, signed, signingKey } from '../support/signed-tokens.ts'
import { threadMs } from '../support/thread-time.ts'

const USERS = 100_000
const TEAMS = 1_000
/** Three seconds is what is aimed at, and printed; a question for each user would take minutes. */
const LOAD_MS = 6_000
const LOAD_BYTES = 200e6
const CACHED_US = 5
const UNCACHED_US = 150
/** 150 is what is aimed at, and printed; a busy machine takes twice as long for the signature alone. */
const SIGNED_US = 500

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

const heapUsed = (): number => {
  gc()
  return process.memoryUsage().heapUsed
}

/** Users in up to three teams, with the role that everybody has and a token each, as if they had always been there. */
async function fill(sql: (text: string) => Promise<unknown>): Promise<void> {
  const id = (prefix: string, n: string): string => `'${prefix}' || lpad(to_hex(${n}), 30, '0')`
  await sql(
    `INSERT INTO users (id, email) SELECT ${id('a0', 'n')}, 'user' || n || '@example.com' FROM generate_series(1, ${USERS}) AS n`,
  )
  await sql(`INSERT INTO teams (id, name, slug, personal_of) SELECT id, email, 'personal-' || id, id FROM users`)
  await sql(
    `INSERT INTO teams (id, name, slug) SELECT ${id('b0', 'n')}, 'team ' || n, 'team-' || n FROM generate_series(1, ${TEAMS}) AS n`,
  )
  await sql(`INSERT INTO team_members (id, team_id, user_id, is_owner)
    SELECT ${id('c0', `n * 4 + k`)}, ${id('b0', `1 + (n * 7 + k * 131) % ${TEAMS}`)}, ${id('a0', 'n')}, k = 0 AND n % 100 = 0
      FROM generate_series(1, ${USERS}) AS n, generate_series(0, 2) AS k WHERE k < n % 4`)
  await sql(`INSERT INTO role_assignments (id, user_id, role_id)
    SELECT ${id('d0', 'n')}, ${id('a0', 'n')}, r.id FROM generate_series(1, ${USERS}) AS n, roles AS r WHERE r.name = 'platform_viewer'`)
  await sql(`INSERT INTO tokens (id, user_id, name, hash, hint, permissions)
    SELECT ${id('e0', 'n')}, ${id('a0', 'n')}, 'one', sha256(n::text::bytea), 'cw_', CASE WHEN n % 10 = 0 THEN '["tools.read"]'::jsonb END
      FROM generate_series(1, ${USERS}) AS n`)
  await sql('ANALYZE')
}

test('a hundred thousand users load in time and in little memory, and are told apart fast', async () => {
  await using database = await testDatabase()
  await fill((text) => database.sql(text))
  const load = async () => {
    const began = performance.now()
    const state = await loadState(catalogReader(database.db))
    return { state, ms: performance.now() - began }
  }
  // The quicker of two: a machine that is busy with others in one of them makes it slower, and nothing makes it quicker.
  const before = heapUsed()
  const { state, ms: first } = await load()
  const bytes = heapUsed() - before
  const ms = Math.min(first, (await load()).ms)
  expect([state.users.size, state.teams.size, state.tokens.size]).toEqual([USERS, TEAMS, USERS])
  const memberships = [...state.users.values()].reduce((sum, { memberships: of }) => sum + of.length, 0)
  expect(memberships).toBe((USERS / 4) * (1 + 2 + 3))

  const view = viewOf(state)
  const tokens = [...state.tokens.values()].slice(0, 20_000)
  // What a token's text hashes to is another measurement's business: here the texts are their hashes.
  const ask = identifier(
    { current: { ...view, token: (hash) => view.token(hash) ?? tokens[0] }, ageMs: 0 },
    { maxAgeMs: 1e9 },
  )
  const perCall = (texts: readonly object[], times: number): number => {
    const start = threadMs()
    for (let n = 0; n < times; n++) for (const each of texts) ask('x', each)
    return ((threadMs() - start) * 1_000) / (times * texts.length)
  }
  const connection = {}
  const uncached = uncachedCost(view, tokens)
  perCall([connection], 10_000)
  const cached = perCall([connection], 200_000)
  console.log(
    `${Math.round(ms)} ms, ${Math.round(bytes / 1e6)} MB; a principal ${cached.toFixed(2)} µs, made anew ${uncached.toFixed(1)} µs`,
  )
  expect(ms).toBeLessThan(LOAD_MS)
  expect(bytes).toBeLessThan(LOAD_BYTES)
  expect(cached).toBeLessThan(CACHED_US)
  expect(uncached).toBeLessThan(UNCACHED_US)
})

/** µs of CPU for each of these tokens when it comes for the first time, its hash and everything of its user's standing included. */
function uncachedCost(view: ReturnType<typeof viewOf>, tokens: readonly { readonly hash: string }[]): number {
  let next = 0
  const current = { ...view, token: () => view.token(tokens[next++]?.hash ?? '') }
  const ask = identifier({ current, ageMs: 0 }, { maxAgeMs: 1e9 })
  const start = threadMs()
  for (const { hash } of tokens) ask(hash)
  return ((threadMs() - start) * 1_000) / tokens.length
}

const ISSUER = 'https://id.example.com'
const SECRET = 'a-secret-of-the-identity-provider-alone'
const FIRST_LOOKS = 1_000
const KEYS = { HS256: sharedSecret(SECRET), RS256: signingKey('RS256', 'k'), ES256: signingKey('ES256', 'k') }

/** Tokens that an identity provider signed, from their text to a principal that holds the permission to call. */
test.each(['HS256', 'RS256', 'ES256'] as const)(
  'a token signed with %s is judged in time, and from then on known',
  (algorithm) => {
    const key = KEYS[algorithm]
    const now = Math.floor(Date.now() / 1000)
    const mint = (n: number): string =>
      signed(key, {
        iss: ISSUER,
        aud: 'causeway',
        email: user.email,
        email_verified: true,
        iat: now,
        exp: now + 600,
        n,
      })
    const texts = Array.from({ length: FIRST_LOOKS }, (_, n) => mint(n))
    const rules = { issuer: ISSUER, audience: 'causeway', publicUrl: null, trustsAddresses: false }
    const keys = givenKey(algorithm === 'HS256' ? SECRET : key.pem, algorithm)
    const foreign = new ForeignTokens({ rules, algorithm, keys })
    const current: Directory = {
      token: () => undefined,
      tokenById: () => undefined,
      user: () => user,
      userByEmail: () => user.id,
      team: () => undefined,
      role: (id) => BUILT_IN_ROLES.get(id),
      ordersStamp: 0,
    }
    const identify = identifier({ current, ageMs: 0 }, { maxAgeMs: 1e9, foreign })
    const judged = (text: string): void => void allowAny(identify(text), 'tools.execute')
    const each = (some: readonly string[]): number => {
      const began = threadMs()
      for (const text of some) judged(text)
      return ((threadMs() - began) * 1_000) / some.length
    }
    each(texts.slice(0, 200))
    const rounds = [200, 400, 600, 800].map((from) => each(texts.slice(from, from + 200)))
    const first = Math.min(...rounds)
    const known = each(Array.from({ length: 50_000 }, () => texts[0] ?? ''))
    console.log(`${algorithm}: at first ${first.toFixed(0)} µs, known ${known.toFixed(2)} µs`)
    expect(first).toBeLessThan(SIGNED_US)
    expect(known).toBeLessThan(CACHED_US)
  },
)

const user: KnownUser = {
  id: UserId.mint(),
  email: 'ann@example.com',
  enabled: true,
  memberships: [],
  assignments: [{ roleId: PLATFORM_ADMIN.id, teamId: null, expiresAt: null }],
}

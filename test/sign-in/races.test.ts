import { setTimeout as sleep } from 'node:timers/promises'
import { hash as digest } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientNetwork } from '#/access/client-network.ts'
import { SessionId, TokenId, UserId } from '#/access/ids.ts'
import { mintToken } from '#/access/token-format.ts'
import type { NewSession, Subject } from '#/users/session.ts'
import type { Entry } from '#/users/sso.ts'
import { identityStore } from '#/store/identity-store.ts'
import { signInStore } from '#/store/sign-in-store.ts'
import { ssoStore } from '#/store/sso-store.ts'
import { userStore } from '#/store/users-store.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { mail } from './people.ts'

let database: TestDatabase
const actor = { userId: UserId.mint(), by: 'test', via: 'api', fromIp: null, userAgent: null } as const
const network = clientNetwork('192.0.2.1')
const LIFE_MS = 3_600_000

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

const codeOf = (text: string): Buffer => digest('sha256', text, 'buffer')
const signIns = () => signInStore(database.db)

async function person(name: string, hash: string | null = 'a-hash'): Promise<UserId> {
  const id = UserId.mint()
  const password = hash === null ? null : { hash, mustChange: false }
  const about = { id, email: mail(name), fullName: null, kind: 'person', isAdmin: false, enabled: true } as const
  await userStore(database.db).create({ ...about, password }, actor)
  return id
}

/** Who is found by an address, with the password that it has at this moment. */
async function found(name: string): Promise<Subject> {
  const { subject } = await signIns().guess(mail(name), network)
  if (subject === undefined) throw new Error(`${name} is nobody`)
  return subject
}

function session(subject: Subject, rehashed: string | null = null): NewSession {
  const times = { lifeMs: LIFE_MS, totalMs: LIFE_MS }
  const from = { network, fromIp: null, userAgent: null }
  return { id: SessionId.mint(), tokenId: TokenId.mint(), subject, secret: mintToken(), rehashed, ...times, ...from }
}

/** The first token of a new session. */
async function begun(name: string): Promise<TokenId> {
  const made = session(await found(name))
  expect(await signIns().begin(made)).toBeDefined()
  return made.tokenId
}

const hashOf = async (id: UserId): Promise<unknown> =>
  (await database.sql('SELECT hash FROM passwords WHERE user_id = $1', [id]))[0]?.['hash']

const refreshed = (tokenId: TokenId, id: TokenId) =>
  signIns().refresh(tokenId, { id, secret: mintToken(), lifeMs: LIFE_MS })

/** While it is held nothing commits: what takes it last waits there with everything that it has locked. */
async function holdClock(): Promise<{ release(): Promise<void> }> {
  const client = new Client(database.url)
  await client.connect()
  await client.query('BEGIN; SELECT seq FROM change_clock FOR UPDATE')
  return {
    release: async () => {
      await client.query('COMMIT')
      await client.end()
    },
  }
}

async function waiting(many: number): Promise<void> {
  const asked = `SELECT count(*)::int AS n FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`
  for (let tries = 0; tries < 100; tries++, await sleep(10)) {
    const [row] = await database.sql<{ n: number }>(asked)
    if (row?.n === many) return
  }
  throw new Error(`there were not ${many} that wait`)
}

/** `second` meets `first` when that has done everything but commit. */
async function meeting<A, B>(first: () => Promise<A>, second: () => Promise<B>): Promise<readonly [A, B]> {
  const clock = await holdClock()
  const one = first()
  await waiting(1)
  const other = second()
  await waiting(2)
  await clock.release()
  return await Promise.all([one, other])
}

const changed = async (seq: number | null): Promise<readonly string[]> => {
  const rows = await database.sql<{ id: string }>(`SELECT id FROM changes WHERE seq = $1 AND kind = 'token'`, [seq])
  return rows.map(({ id }) => id)
}

test('a token that is added to a session while that ends is named among what is gone', async () => {
  await person('ann')
  const [first, next] = [await begun('ann'), TokenId.mint()]
  const [added, ended] = await meeting(
    () => refreshed(first, next),
    () => signIns().end(first),
  )
  expect(added).toBeDefined()
  expect(new Set(await changed(ended?.seq ?? null))).toEqual(new Set([first, next]))
  expect(await database.sql('SELECT id FROM tokens WHERE id = ANY($1)', [[first, next]])).toEqual([])
})

test('so it is where its user is kept out with another password', async () => {
  const id = await person('bob')
  const [first, second, next] = [await begun('bob'), await begun('bob'), TokenId.mint()]
  const change = { fullName: null, isAdmin: false, enabled: false, mustChangePassword: null }
  const password = { hash: 'another', mustChange: true }
  const [added, outcome] = await meeting(
    () => refreshed(first, next),
    () => userStore(database.db).update(id, { ...change, password }, { ifMatch: 1, actor }),
  )
  expect([added !== undefined, typeof outcome]).toEqual([true, 'object'])
  const seq = typeof outcome === 'object' ? outcome.seq : null
  expect(new Set(await changed(seq))).toEqual(new Set([first, second, next]))
  expect(await database.sql('SELECT hash, must_change FROM passwords WHERE user_id = $1', [id])).toEqual([
    { hash: 'another', must_change: true },
  ])
})

test('a session that is over gets no more tokens', async () => {
  await person('cid')
  const first = await begun('cid')
  const [ended, added] = await meeting(
    () => signIns().end(first),
    () => refreshed(first, TokenId.mint()),
  )
  expect([ended !== undefined, added]).toEqual([true, undefined])
})

test('a user has a hundred sessions at a time: the oldest ends where another begins, and its tokens are named', async () => {
  await person('gus')
  const firsts: TokenId[] = []
  for (let n = 0; n < 102; n++) firsts.push(await begun('gus'))
  const kept = await database.sql<{ id: string }>(
    `SELECT t.id FROM tokens AS t JOIN users AS u ON u.id = t.user_id WHERE u.email = $1 ORDER BY t.created_at`,
    [mail('gus')],
  )
  expect(kept.map(({ id }) => id)).toEqual(firsts.slice(2))
  const [last] = await database.sql<{ seq: string }>('SELECT max(seq) AS seq FROM changes')
  expect(new Set(await changed(Number(last?.seq)))).toEqual(new Set([firsts[1], firsts[101]]))
})

test('two sign-ins that hash the same password anew both begin, one after the other or at once', async () => {
  const id = await person('hal')
  const [early, late, later] = [await found('hal'), await found('hal'), await found('hal')]
  const both = await meeting(
    () => signIns().begin(session(early, 'anew by the first')),
    () => signIns().begin(session(late, 'anew by the second')),
  )
  expect(both.map((outcome) => outcome !== undefined)).toEqual([true, true])
  expect(await hashOf(id)).toBe('anew by the first')
  expect(await signIns().begin(session(later))).toBeDefined()
})

test('whoever changes a password that is hashed anew meanwhile changes it', async () => {
  const id = await person('ida')
  const [signing, changing] = [await found('ida'), await found('ida')]
  const [, outcome] = await meeting(
    () => signIns().begin(session(signing, 'anew')),
    () => signIns().changePassword(changing, 'another'),
  )
  expect(outcome).toBeDefined()
  expect(await hashOf(id)).toBe('another')
  const { chosenAt } = await found('ida')
  expect(outcome?.chosenAt).toBe(chosenAt)
})

test.each<[string, (id: UserId, subject: Subject) => Promise<unknown>]>([
  ['changes', (_, subject) => signIns().changePassword(subject, 'another')],
  [
    'is chosen by somebody else',
    (id) => {
      const change = { fullName: null, isAdmin: false, enabled: true, mustChangePassword: null }
      const password = { hash: 'another', mustChange: true }
      return userStore(database.db).update(id, { ...change, password }, { ifMatch: 1, actor })
    },
  ],
  ['is reset', (id) => signIns().openReset(id, { hash: codeOf('jon'), lifeMs: LIFE_MS }, actor)],
])(
  'no session begins with a password that %s meanwhile, and it does not come back hashed anew',
  async (how, change) => {
    const name = `jon-${how.length}`
    const id = await person(name)
    const subject = await found(name)
    const [, outcome] = await meeting(
      () => change(id, subject),
      () => signIns().begin(session(subject, 'anew')),
    )
    expect(outcome).toBeUndefined()
    expect(String(await hashOf(id))).not.toMatch(/a-hash|anew/)
    expect(await database.sql('SELECT id FROM sessions WHERE user_id = $1', [id])).toEqual([])
  },
)

test('a code is good once, however many use it at the same moment', async () => {
  const id = await person('dan', null)
  await signIns().openReset(id, { hash: codeOf('dan'), lifeMs: LIFE_MS }, actor)
  const used = await Promise.all(Array.from({ length: 12 }, (_, n) => signIns().useReset(codeOf('dan'), `hash ${n}`)))
  const winner = used.findIndex((outcome) => outcome !== undefined)
  expect(used.filter((outcome) => outcome !== undefined)).toHaveLength(1)
  expect(await database.sql('SELECT hash FROM passwords WHERE user_id = $1', [id])).toEqual([
    { hash: `hash ${winner}` },
  ])
  const records = await database.sql(
    `SELECT action FROM audit_log WHERE target_id = $1 AND action LIKE 'password.%' ORDER BY seq`,
    [id],
  )
  expect(records).toEqual([{ action: 'password.reset' }, { action: 'password.choose' }])
})

test('whoever uses a code while another is made has chosen nothing', async () => {
  const id = await person('eve')
  await signIns().openReset(id, { hash: codeOf('old'), lifeMs: LIFE_MS }, actor)
  const reset = { hash: codeOf('new'), lifeMs: LIFE_MS }
  const [used, opened] = await meeting(
    () => signIns().useReset(codeOf('old'), 'chosen with the old code'),
    () => signIns().openReset(id, reset, actor),
  )
  expect([used !== undefined, opened.expiresAt]).toEqual([true, expect.any(String)])
  expect(await database.sql('SELECT hash FROM passwords WHERE user_id = $1', [id])).toEqual([])
  expect(await signIns().useReset(codeOf('old'), 'again')).toBeUndefined()
  expect(await signIns().useReset(codeOf('new'), 'chosen with the new code')).toBeDefined()
})

test('a code that is replaced while it is used is good for nothing', async () => {
  const id = await person('fay')
  await signIns().openReset(id, { hash: codeOf('first'), lifeMs: LIFE_MS }, actor)
  const reset = { hash: codeOf('second'), lifeMs: LIFE_MS }
  const [, used] = await meeting(
    () => signIns().openReset(id, reset, actor),
    () => signIns().useReset(codeOf('first'), 'too late'),
  )
  expect(used).toBeUndefined()
  expect(await database.sql('SELECT hash FROM passwords WHERE user_id = $1', [id])).toEqual([])
})

const ISSUER = 'https://id.example.com'
const LIMITS = { members: 10 }

/** What is written when somebody comes whom the provider vouches for. */
function coming(userId: UserId, name: string, kind: 'make' | 'known'): Entry {
  const ids = { id: SessionId.mint(), tokenId: TokenId.mint(), secret: mintToken() }
  const times = { lifeMs: LIFE_MS, totalMs: LIFE_MS, fromIp: null, userAgent: null }
  return {
    mark: { name: codeOf(ids.id), leftMs: 60_000 },
    issuer: ISSUER,
    vouched: { subject: name, email: mail(name), fullName: null, groups: [] },
    person: { kind, userId, email: mail(name) },
    roles: [],
    session: { ...ids, ...times },
  }
}

const sessionsOf = (id: UserId) => database.sql('SELECT id FROM sessions WHERE user_id = $1', [id])

test.each(['unlinked first', 'signed in first'])(
  'a sign-in that meets its unlinking leaves no session: %s',
  async (order) => {
    const [id, name] = [UserId.mint(), order.replaceAll(' ', '-')]
    const [people, links] = [
      ssoStore(database.db, LIMITS),
      identityStore(database.db, { limits: LIMITS, issuer: ISSUER }),
    ]
    await people.enter(coming(id, name, 'make'))
    const [identity] = await links.of(id)
    const signIn = (): Promise<unknown> => people.enter(coming(id, name, 'known'))
    const unlink = (): Promise<unknown> => links.unlink({ userId: id, id: identity?.id ?? '', force: true }, actor)
    expect(await sessionsOf(id)).toHaveLength(1)
    await (order === 'unlinked first' ? meeting(unlink, signIn) : meeting(signIn, unlink))
    expect(await links.of(id)).toEqual([])
    expect(await sessionsOf(id)).toEqual([])
  },
)

import { createHook } from 'node:async_hooks'
import { argon2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UserId } from '#/access/ids.ts'
import type { RequestContext } from '#/api/endpoint.ts'
import { createDeadlines } from '#/lib/deadlines.ts'
import type { OpenDatabase } from '#/store/database.ts'
import { signInStore } from '#/store/sign-in-store.ts'
import { userStore } from '#/store/users-store.ts'
import { signInPlaces } from '#/users/sign-in-places.ts'
import { prove, signIn } from '#/users/sign-in.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { databaseOf } from '../support/own-database.ts'
import { ask, login, mail, PASSWORD } from './people.ts'

const owned = new AsyncDisposableStack()
let database: TestDatabase
let gateway: RunningGateway
let db: OpenDatabase

beforeAll(async () => {
  database = owned.use(await testDatabase())
  gateway = owned.use(await startGateway({ env: { DATABASE_URL: database.url, CAUSEWAY_WORKERS: '2' } }))
  db = owned.use(await databaseOf(gateway, database.url))
})
afterAll(() => owned.disposeAsync())

const NEW = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/

/** As it was stored when a hash took less. */
async function oldHash(password: string): Promise<string> {
  const [salt, how] = [randomBytes(16), { memory: 1_024, passes: 1, parallelism: 1, tagLength: 32 }]
  const tag = await promisify(argon2)('argon2id', { ...how, message: Buffer.from(password), nonce: salt })
  const [bareSalt, bareTag] = [salt, tag].map((bytes) => bytes.toString('base64').replaceAll('=', ''))
  return `$argon2id$v=19$m=1024,t=1,p=1$${bareSalt}$${bareTag}`
}

async function person(name: string): Promise<UserId> {
  const id = UserId.mint()
  const about = { id, email: mail(name), fullName: null, kind: 'person', isAdmin: false, enabled: true } as const
  const password = { hash: await oldHash(PASSWORD), mustChange: false }
  const actor = { userId: id, by: 'test', via: 'api', fromIp: null, userAgent: null } as const
  await userStore(db).create({ ...about, password }, actor)
  return id
}

const hashOf = async (id: UserId): Promise<unknown> =>
  (await database.sql('SELECT hash FROM passwords WHERE user_id = $1', [id]))[0]?.['hash']

test('however many sign in at once with a password that is due to be hashed anew, all come in', async () => {
  const id = await person('ann')
  const answers = await Promise.all(
    Array.from({ length: 16 }, (_, n) => login(gateway, 'ann', { from: `127.0.4.${n + 1}` })),
  )
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  expect(await hashOf(id)).toMatch(NEW)
  const body = { email: mail('ann'), old_password: PASSWORD, new_password: 'quiet-harbour-nine' }
  const [{ status }, { status: other }] = await Promise.all([
    ask(gateway, 'POST', '/v1/auth/email/change-password', { body }),
    login(gateway, 'ann', { password: 'wrong-every-time' }),
  ])
  expect([status, other]).toEqual([200, 401])
  expect((await login(gateway, 'ann')).status).toBe(401)
})

/** The parts of a sign-in in this process: how many places were held when each hash began. */
function watched() {
  const places = signInPlaces(createDeadlines())
  const seen: number[] = []
  let held = 0
  const hook = createHook({ init: (_, type) => void (type === 'ARGON2REQUEST' && seen.push(held)) }).enable()
  const deps = {
    store: signInStore(db),
    places: async (...asked: Parameters<typeof places>) => {
      const place = await places(...asked)
      held++
      return {
        [Symbol.dispose]() {
          held--
          place[Symbol.dispose]()
        },
      }
    },
    failed: () => {},
    foreignEnd: () => undefined,
    times: { idleMs: 60_000, totalMs: 60_000 },
    registration: false,
    settled: async () => {},
  }
  return { deps, seen, [Symbol.dispose]: () => void hook.disable() }
}

const request = (n: number) =>
  ({ requestId: 'r', fromIp: `192.0.2.${n}`, userAgent: null, signal: AbortSignal.timeout(20_000) }) as RequestContext

test('every hash is computed in a place for one', async () => {
  const id = await person('bob')
  using watching = watched()
  const { deps, seen } = watching
  const credentials = { email: mail('bob'), password: PASSWORD }
  await Promise.all(Array.from({ length: 4 }, (_, n) => signIn(deps, credentials, request(n))))
  expect(await hashOf(id)).toMatch(NEW)
  // Each looks once; whoever still found the old hash made a new one. Never was another at it.
  expect(seen.length).toBeGreaterThanOrEqual(5)
  expect(seen.length).toBeLessThanOrEqual(8)
  expect(new Set(seen)).toEqual(new Set([1]))
})

test('a password that is replaced, or has to be, is not hashed anew first', async () => {
  const id = await person('cid')
  using watching = watched()
  const { deps, seen } = watching
  const credentials = { email: mail('cid'), password: PASSWORD }
  const proven = await prove(deps, { ...credentials, isGoing: true }, request(1))
  expect([proven.subject.userId, proven.rehashed, seen.length]).toEqual([id, null, 1])
  await database.sql('UPDATE passwords SET must_change = true WHERE user_id = $1', [id])
  await expect(signIn(deps, credentials, request(2))).rejects.toThrow('Password change required')
  expect(seen.length).toBe(2)
  await database.sql('UPDATE passwords SET must_change = false WHERE user_id = $1', [id])
  await signIn(deps, credentials, request(3))
  expect([seen.length, await hashOf(id)]).toEqual([4, expect.stringMatching(NEW)])
})

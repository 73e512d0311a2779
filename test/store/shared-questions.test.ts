import { afterAll, beforeAll, expect, test } from 'vitest'
import { UserId } from '#/access/ids.ts'
import type { NamesAsked } from '#/declared/declared-store.ts'
import { declaredStore } from '#/store/declared-store.ts'
import { importStore } from '#/store/import-store.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
const [mine, yours] = [UserId.mint(), UserId.mint()]
const id = (n: number): string => n.toString(16).padStart(32, '0')

beforeAll(async () => {
  database = await testDatabase()
  for (const user of [mine, yours])
    await database.sql('INSERT INTO users (id, email) VALUES ($1, $2)', [user, `${user}@example.com`])
  for (let n = 0; n < 12; n++) {
    const set = n % 3 === 0 ? 'a' : 'b'
    await database.sql('INSERT INTO gateways (id, name, slug, url) VALUES ($1, $2, $2, $3)', [
      id(n),
      `g${n}`,
      'http://h/',
    ])
    await database.sql('INSERT INTO servers (id, name) VALUES ($1, $2)', [id(n), `S${n}`])
    await database.sql(
      `INSERT INTO tokens (id, user_id, name, hash, hint) VALUES ($1, $2, $3, decode($4, 'hex'), '')`,
      [id(n), n % 2 === 0 ? mine : yours, `t${n % 4}-${n >> 2}`, id(n)],
    )
    if (n % 2 === 0)
      await database.sql(
        `INSERT INTO declared_things (declared_set, kind, gateway_id, declared_by) VALUES ($1, 'gateway', $2, 'me')`,
        [set, id(n)],
      )
  }
})
afterAll(async () => await database[Symbol.asyncDispose]())

const asked = (set: string, n: number, userId = mine): NamesAsked => ({
  set,
  slugs: [`g${n}`, 'absent'],
  servers: [`s${n}`],
  tokens: [`t${n % 4}-0`, 't1-1'],
  userId,
})

test('who asks for a set beside others is told what it is told alone', async () => {
  const all = Array.from({ length: 30 }, (_, n) => asked(['a', 'b', 'none'][n % 3] ?? '', n % 12, n % 2 ? mine : yours))
  const store = declaredStore(database.db)
  const alone = []
  for (const one of all) alone.push(await store.existing(one))
  expect(await Promise.all(all.map((one) => store.existing(one)))).toEqual(alone)
  expect(alone[0]?.map(({ kind, id: found, set }) => [kind, found, set])).toEqual([
    ['gateway', id(0), 'a'],
    ['gateway', id(6), 'a'],
    ['server', id(0), null],
    ['token', id(5), null],
  ])
})

test('reports of imports that come together are each kept, of one import the last', async () => {
  const store = importStore(database.db)
  const progress = { total: 9, processed: 0, created: 0, updated: 0, skipped: 0, failed: 0 }
  const state = { errors: [], warnings: ['w'], startedAt: '2030-01-02T03:04:05.678Z' } as const
  const report = (n: number, processed: number, status: 'running' | 'completed') =>
    store.report({ ...state, id: `import-${n}`, status, progress: { ...progress, processed } }, 'me')
  const told = await Promise.all(
    Array.from({ length: 20 }, (_, n) => [report(n, 1, 'running'), report(n, 9, 'completed')]).flat(),
  )
  expect(told.map((one) => one.id)).toEqual(Array.from({ length: 40 }, (_, n) => `import-${n >> 1}`))
  const stored = await store.all()
  expect(stored.map((one) => [one.status, one.progress.processed, one.warnings, one.completedAt === null])).toEqual(
    Array.from({ length: 20 }, () => ['completed', 9, ['w'], false]),
  )
})

import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AssignmentId, RoleId, UserId } from '#/access/ids.ts'
import type { Actor } from '#/api/actor.ts'
import { roleRehearsal } from '#/store/role-rehearsal.ts'
import { roleStore } from '#/store/role-store.ts'
import { userRehearsal } from '#/store/user-rehearsal.ts'
import { userStore } from '#/store/users-store.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'

const owned = new AsyncDisposableStack()
let database: TestDatabase
let actor: Actor
const owner = UserId.mint()
const role = RoleId.mint()

beforeAll(async () => {
  database = owned.use(await testDatabase())
  actor = { userId: UserId.mint(), by: 'admin@example.com', via: 'api', fromIp: null, userAgent: null }
  for (const [id, email] of [
    [actor.userId, actor.by],
    [owner, 'ann@example.com'],
  ])
    await database.sql('INSERT INTO users (id, email) VALUES ($1, $2)', [id, email])
  await database.sql('INSERT INTO servers (id, name, owner_id) VALUES ($1, $2, $3)', [UserId.mint(), 'desk', owner])
  await roleStore(database.db).create(
    role,
    { name: 'keeper', description: null, scope: 'platform', permissions: [] },
    actor,
  )
  await database.sql('INSERT INTO role_assignments (id, user_id, role_id) VALUES ($1, $2, $3)', [
    AssignmentId.mint(),
    owner,
    role,
  ])
})
afterAll(() => owned.disposeAsync())

/** Somebody who changes what the user owns and holds, and is not done with it. */
async function changing(): Promise<AsyncDisposable> {
  const client = new Client(database.url)
  await client.connect()
  await client.query('BEGIN')
  await client.query('SELECT 1 FROM servers WHERE owner_id = $1 FOR UPDATE', [owner])
  await client.query('SELECT 1 FROM role_assignments WHERE user_id = $1 FOR UPDATE', [owner])
  return { [Symbol.asyncDispose]: () => client.end() }
}

test('what a removal would do is told without holding, or waiting for, what would go or be nobody’s', async () => {
  const to = { ifMatch: null, actor }
  const [users, roles] = [userRehearsal(database.db), roleRehearsal(database.db)]
  {
    await using _other = await changing()
    expect(await users.remove(owner, to)).toEqual({ seq: null })
    expect(await roles.remove(role, to)).toEqual({ seq: null })
  }
  {
    const ifMatch = 99
    expect(await users.remove(owner, { ...to, ifMatch })).toBeUndefined()
    expect(await roles.remove(role, { ...to, ifMatch })).toBeUndefined()
  }
  expect(await database.sql('SELECT owner_id FROM servers')).toEqual([{ owner_id: owner }])
  expect(await userStore(database.db).remove(owner, to)).toMatchObject({ seq: expect.any(Number) })
  expect(await roleStore(database.db).remove(role, to)).toMatchObject({ seq: expect.any(Number) })
  expect(await users.remove(owner, to)).toBeUndefined()
  expect(await roles.remove(role, to)).toBeUndefined()
  expect(await database.sql('SELECT owner_id FROM servers')).toEqual([{ owner_id: null }])
})

test('what somebody owns is found by whose it is', async () => {
  for (const table of ['gateways', 'tools', 'prompts', 'resources', 'servers']) {
    const indexes = await database.sql<{ def: string }>(
      'SELECT pg_get_indexdef(indexrelid) AS def FROM pg_index WHERE indrelid = $1::regclass',
      [table],
    )
    expect(indexes.map(({ def }) => def)).toContainEqual(
      expect.stringMatching(/\(owner_id\) WHERE \(owner_id IS NOT NULL\)$/),
    )
  }
})

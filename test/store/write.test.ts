import { expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { UserId } from '#/access/ids.ts'
import { rehearsal } from '#/store/rehearsal.ts'
import type { WriteTx } from '#/store/store.ts'

const audit = (action: string) => ({ actor: 'tests', action, targetKind: 'user', targetId: 'x', detail: { a: 1 } })

test('a write commits with the clock, its changes and its audit record, and a read sees it', async () => {
  await using t = await testDatabase()
  const id = UserId.mint()
  const told: string[] = []
  const { value, seq } = await t.db.write('tests', async (tx) => {
    await tx.sql.insertInto('users').values({ id, email: 'a@example.com' }).execute()
    tx.changed('user', id)
    tx.audit(audit('user.create'))
    tx.afterCommit(() => told.push('after'))
    return 7
  })
  expect({ value, seq, told }).toEqual({ value: 7, seq: 1, told: ['after'] })
  const user = await t.db.read('tests').selectFrom('users').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  expect(user).toMatchObject({ id, email: 'a@example.com', kind: 'person', enabled: true })
  expect(user.created_at).toBeInstanceOf(Date)
  expect(await t.sql('SELECT seq::int, kind, id FROM changes')).toEqual([{ seq: 1, kind: 'user', id }])
  expect(await t.sql('SELECT seq::int, action FROM audit_log')).toEqual([{ seq: 1, action: 'user.create' }])
})

test('a write that changes nothing only commits', async () => {
  await using t = await testDatabase()
  const { seq } = await t.db.write('tests', async (tx) => {
    await tx.sql.insertInto('users').values({ id: UserId.mint(), email: 'b@example.com' }).execute()
  })
  expect(seq).toBeNull()
  expect(await t.sql('SELECT seq::int FROM change_clock')).toEqual([{ seq: 0 }])
  expect(await t.sql('SELECT count(*)::int AS n FROM users')).toEqual([{ n: 1 }])
})

test('a write that throws leaves nothing, and its connection serves on', async () => {
  await using t = await testDatabase({ poolSize: 1 })
  const failing = t.db.write('tests', async (tx) => {
    await tx.sql.insertInto('users').values({ id: UserId.mint(), email: 'c@example.com' }).execute()
    throw new RangeError('no')
  })
  await expect(failing).rejects.toThrow(new RangeError('no'))
  const { rows } = { rows: await t.db.read('tests').selectFrom('users').select('id').execute() }
  expect(rows).toEqual([])
  expect(t.db.stats).toMatchObject({ total: 1, idle: 1, waiting: 0 })
})

test('a rehearsal is refused as the write would be, and leaves nothing', async () => {
  await using t = await testDatabase({ poolSize: 1 })
  const email = 'd@example.com'
  const told: string[] = []
  const make = async (tx: WriteTx): Promise<string> => {
    const id = UserId.mint()
    await tx.sql.insertInto('users').values({ id, email }).execute()
    tx.changed('user', id)
    tx.audit(audit('user.create'))
    tx.afterCommit(() => told.push('after'))
    return 'made'
  }
  const trial = rehearsal(t.db)
  expect(await trial.write('tests', make)).toEqual({ value: 'made', seq: null })
  expect(await t.sql('SELECT (SELECT count(*)::int FROM users) AS users, seq::int FROM change_clock')).toEqual([
    { users: 0, seq: 0 },
  ])
  expect(told).toEqual([])
  await t.db.write('tests', make)
  await expect(trial.write('tests', make)).rejects.toMatchObject({ code: 'conflict' })
  expect(t.db.stats).toMatchObject({ total: 1, idle: 1, waiting: 0 })
  await expect(trial.statement('tests', (sql) => sql.deleteFrom('users'))).rejects.toThrow(/cannot be taken back/)
})

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { causeway, type CliRun } from '../support/cli.ts'
import { testDatabase } from '../support/database.ts'
import { startGateway } from '../support/gateway.ts'
import { attackerOf } from './attacker.ts'

test('a gateway whose database was put back says so, in its log and when it is asked', async () => {
  await using database = await testDatabase()
  await using gateway = await startGateway({ env: { DATABASE_URL: database.url, CAUSEWAY_WORKERS: '2' } })
  const run = (...args: readonly string[]): Promise<CliRun> =>
    causeway(args, { CAUSEWAY_URL: gateway.url, CAUSEWAY_DATA_DIR: gateway.dataDir })
  const newest = async (): Promise<number> =>
    (await database.sql<{ seq: number }>('SELECT audit_seq::int AS seq FROM change_clock'))[0]?.seq ?? 0
  const known = async (): Promise<number> =>
    (JSON.parse(await readFile(join(gateway.dataDir, 'audit-witness.json'), 'utf8')) as { seq: number }).seq
  const caughtUp = async (): Promise<void> => {
    const wanted = await newest()
    await expect.poll(known, { timeout: 10_000 }).toBe(wanted)
  }
  expect((await run('team', 'add', 'one')).code).toBe(0)
  await caughtUp()
  await using attacker = await attackerOf(database.url)
  const putBack = await attacker.copy()
  expect((await run('team', 'add', 'two')).code).toBe(0)
  expect((await run('keys', 'rotate')).code).toBe(0)
  await caughtUp()
  expect((await run('audit', 'verify')).out).toMatch(/^intact: \d+ changes\nsealed from number 1 on\n/)
  const last = await newest()
  await putBack()
  const asked = await run('audit', 'verify')
  expect([asked.code, asked.err]).toEqual([
    1,
    expect.stringMatching(`not intact at its end: this machine knows of number ${last}, and the log ends at number`),
  ])
  expect((await run('team', 'add', 'three')).code).toBe(0)
  await expect.poll(() => gateway.output(), { timeout: 10_000 }).toContain('audit.replaced')
  expect(await known()).toBe(last)
}, 60_000)

import { sql } from 'kysely'
import { describe, expect, test, type TestContext } from 'vitest'
import { AssignmentId, ServerId, TeamId, TokenId, UserId } from '#/access/ids.ts'
import type { VisibilityClass } from '#/access/principal.ts'
import { mintToken } from '#/access/token-format.ts'
import { emailKey } from '#/lib/email-key.ts'
import { foldCase } from '#/lib/fold-case.ts'
import { openDatabase } from '#/store/database.ts'
import { readExisting } from '#/store/declared-existing.ts'
import { declaredStore } from '#/store/declared-store.ts'
import { emailKeyOf, hasEmail } from '#/store/email-keys.ts'
import { migrate } from '#/store/migrate.ts'
import { migrationFiles } from '#/store/migration-files.ts'
import { serverStore } from '#/store/server-store.ts'
import { administratorStore } from '#/store/user-store.ts'
import { userStore } from '#/store/users-store.ts'
import { testDatabase, type TestDatabase, type TestDatabaseOptions } from '../support/database.ts'
import { needs } from '../support/needs.ts'
import { startPostgres15 } from '../support/postgres15.ts'
import { quiet } from '../support/quiet.ts'
import { sources } from '../support/sources.ts'

const THIS = '0014_addresses.sql'
const actor = { userId: UserId.mint(), by: 'test', via: 'api', fromIp: null, userAgent: null } as const
const mail = (name: string): string => `${name}@example.com`

const files = async (which: (name: string) => boolean) => (await migrationFiles()).filter(({ name }) => which(name))
const migrated = async ({ url }: Pick<TestDatabase, 'url'>, which: (name: string) => boolean = () => true) =>
  await migrate({ url, log: quiet, signal: AbortSignal.timeout(20_000), files: await files(which) })

/** Of an earlier version, with a locale of its own. */
async function earlier(template: TestDatabaseOptions['template']): Promise<TestDatabase> {
  const database = await testDatabase({ ...(template && { template }) })
  await migrated(database, (name) => name < THIS)
  await database.sql(`UPDATE schema_migrations SET applied_at = applied_at - interval '1 hour'`)
  return database
}

const LETTERS = `SELECT array_agg(n) AS letters FROM generate_series(1, 1114111) AS n
  WHERE n NOT BETWEEN 55296 AND 57343 AND lower(chr(n) COLLATE "C") <> chr(n)`

describe('the database and the code take the same addresses for one', () => {
  const expected = Array.from({ length: 0x110000 }, (_, n) => n).filter((n) => {
    const letter = String.fromCodePoint(n)
    return letter.isWellFormed() && emailKey(letter) !== letter
  })

  test.each(['migrated', 'unicode', 'turkish'] as const)('letter by letter, in a database %s', async (template) => {
    await using t = await testDatabase({ template })
    const [row] = await t.sql<{ letters: readonly number[] }>(LETTERS)
    expect(row?.letters).toEqual(expected)
    expect(expected).toHaveLength(26)
  })

  test('and in the oldest PostgreSQL', async (context: TestContext) => {
    needs(context, 'postgres15')
    await using server = await startPostgres15()
    await migrated(server)
    await using db = await openDatabase({ url: server.url, poolSize: 1, log: quiet })
    const person = { fullName: null, kind: 'person', isAdmin: false, enabled: true, password: null } as const
    await userStore(db).create({ ...person, id: UserId.mint(), email: mail('mark') }, actor)
    expect(await userStore(db).byEmail(mail('mar\u212A'))).toBeUndefined()
    expect(await userStore(db).byEmail(mail('MARK'))).toMatchObject({ email: mail('mark') })
  })

  test('no other file has a rule of its own', () => {
    const rule = /lower\((?!\$\{email\} COLLATE)[^()]*\bemail\b[^()]*\)|email\w*(?:'\]\))?\.to(?:Locale)?LowerCase\(/
    expect(
      ['lower(u.email)', 'lower(${email})', 'one.email.toLowerCase()', "text(one['email']).toLowerCase()"].filter(
        (said) => !rule.test(said),
      ),
    ).toEqual([])
    const breaking = sources('{src,bench}/**/*.ts').filter(({ text }) => rule.test(text))
    // How a password is told from its address has to do with nobody else's.
    expect(breaking.map(({ path }) => path)).toEqual(['src/access/password-rules.ts'])
  })
})

describe('a database of an earlier version', () => {
  const person = (id: UserId, email: string, more = 'now(), true') =>
    `INSERT INTO users (id, email, created_at, enabled) VALUES ('${id}', '${email}', ${more})`

  test('that kept two of one address apart is migrated: one keeps it, the other all else', async () => {
    await using t = await earlier('turkish')
    const [elder, younger, off, on] = Array.from({ length: 4 }, () => UserId.mint()) as [UserId, UserId, UserId, UserId]
    await t.sql(person(elder, mail('igor'), "now() - interval '1 day', true"))
    await t.sql(person(younger, mail('IGOR')))
    await t.sql(person(off, mail('IDA'), "now() - interval '1 day', false"))
    await t.sql(person(on, mail('ida')))
    const team = TeamId.mint()
    await t.sql(`INSERT INTO teams (id, name, slug) VALUES ('${team}', 'a', 'a')`)
    for (const [email, ago] of [
      [mail('INA'), '2 hours'],
      [mail('ina'), '1 hour'],
    ])
      await t.sql(`INSERT INTO team_invitations (id, team_id, email, hash, invited_at, expires_at)
        VALUES ('${AssignmentId.mint()}', '${team}', '${email}', '${email}', now() - interval '${ago}', now() + interval '1 day')`)
    await migrated(t)
    expect(
      await t.sql('SELECT id, email, enabled, version FROM users ORDER BY lower(email COLLATE "C") COLLATE "C"'),
    ).toEqual(
      [
        { id: off, email: `IDA@${off}.invalid`, enabled: false, version: 2 },
        { id: on, email: mail('ida'), enabled: true, version: 1 },
        { id: younger, email: `IGOR@${younger}.invalid`, enabled: true, version: 2 },
        { id: elder, email: mail('igor'), enabled: true, version: 1 },
      ].toSorted((a, b) => (emailKey(a.email) < emailKey(b.email) ? -1 : 1)),
    )
    expect(await t.sql('SELECT email FROM team_invitations')).toEqual([{ email: mail('ina') }])
    // Whoever starts from what it saved before hears of it.
    expect(await t.sql('SELECT c.id FROM changes AS c JOIN change_clock USING (seq) ORDER BY id')).toEqual(
      [younger, off].toSorted().map((id) => ({ id })),
    )
    await expect(t.sql(person(UserId.mint(), mail('IGOR')))).rejects.toThrow(/users_email/)
  })

  test('with nobody twice is as it was', async () => {
    await using t = await earlier('unicode')
    await t.sql(person(UserId.mint(), mail('mark')))
    await expect(t.sql(person(UserId.mint(), mail('mar\u212A')))).rejects.toThrow(/users_email/)
    await migrated(t)
    expect(await t.sql('SELECT seq::int FROM change_clock')).toEqual([{ seq: 0 }])
    await t.sql(person(UserId.mint(), mail('mar\u212A')))
    expect(await t.sql('SELECT version FROM users')).toEqual([{ version: 1 }, { version: 1 }])
  })
})

test('the administrator of the settings is made, and a declared file applied, in nobody else’s name', async () => {
  await using t = await testDatabase({ template: 'unicode' })
  await migrated(t)
  const [mark, kelvin] = ['mark', 'mar\u212A'].map((name) => {
    const { hash: tokenHash, hint: tokenHint } = mintToken()
    return { email: mail(name), userId: UserId.mint(), tokenId: TokenId.mint(), tokenName: 'a', tokenHash, tokenHint }
  })
  if (mark === undefined || kelvin === undefined) throw new TypeError('two were asked for')
  const store = administratorStore(t.db)
  expect(await store.ensure(mark)).toBe('made')
  expect(await declaredStore(t.db).administrator(kelvin.email)).toBeUndefined()
  expect(await declaredStore(t.db).administrator(mail('MARK'))).toMatchObject({ userId: mark.userId })
  expect(await store.ensure(kelvin)).toBe('made')
  expect(await declaredStore(t.db).administrator(kelvin.email)).toEqual({
    userId: kelvin.userId,
    tokenId: kelvin.tokenId,
  })
  expect(await store.ensure({ ...mark, email: mail('MARK') })).toBe('there')
})

test('among a hundred thousand users somebody is found by an index', async () => {
  await using t = await testDatabase()
  await t.sql(
    `INSERT INTO users (id, email) SELECT lpad(to_hex(n), 32, '0'), 'User' || n || '@example.com' FROM generate_series(1, 100000) AS n`,
  )
  await t.sql('ANALYZE users')
  const users = userStore(t.db)
  const times: number[] = []
  for (let n = 0; n < 200; n++) {
    const began = performance.now()
    expect(await users.byEmail(`uSER${n * 499 + 1}@example.com`)).toMatchObject({
      email: `User${n * 499 + 1}@example.com`,
    })
    times.push(performance.now() - began)
  }
  const median = times.toSorted((a, b) => a - b)[100] ?? 0
  process.stderr.write(`one of 100,000 users by its address: ${median.toFixed(2)} ms\n`)
  for (const asked of [
    sql`SELECT id FROM users AS u WHERE ${hasEmail('u.email', mail('x'))}`,
    sql`SELECT u.id FROM (SELECT 1) AS always LEFT JOIN users AS u ON ${hasEmail('u.email', mail('x'))} AND u.kind = 'person'`,
    sql`SELECT u.id FROM json_to_recordset('[]') AS x (email text)
      JOIN users AS u ON ${emailKeyOf(sql.ref('u.email'))} = ${emailKeyOf(sql.ref('x.email'))}`,
  ]) {
    const { rows } = await t.db.statement<{ 'QUERY PLAN': string }>('tests', () => sql`EXPLAIN ${asked}`)
    expect(rows.map((row) => row['QUERY PLAN']).join(' ')).toContain('Index Scan using users_email')
  }
})

describe('names of virtual servers', () => {
  const ownerId = UserId.mint()
  const owner = `INSERT INTO users (id, email) VALUES ('${ownerId}', '${mail('owner')}')`
  const server = (id: ServerId, name: string) =>
    `INSERT INTO servers (id, name, owner_id) VALUES ('${id}', '${name}', '${ownerId}')`

  test('that only the locale kept apart stay two: the elder keeps its name', async () => {
    await using t = await earlier('turkish')
    const [elder, younger] = [ServerId.mint(), ServerId.mint()]
    await t.sql(owner)
    await t.sql(server(elder, 'DIGIT'))
    await t.sql(server(younger, 'digit'))
    await migrated(t)
    expect(await t.sql('SELECT id, name FROM servers ORDER BY id')).toEqual([
      { id: elder, name: 'DIGIT' },
      { id: younger, name: `digit ${younger}` },
    ])
    expect(await t.sql('SELECT c.kind, c.id FROM changes AS c JOIN change_clock USING (seq)')).toEqual([
      { kind: 'server', id: younger },
    ])
    await expect(t.sql(server(ServerId.mint(), 'Digit'))).rejects.toThrow(/servers_name/)
  })

  test.each(['unicode', 'turkish'] as const)(
    'are one where ASCII letters alone differ in case, in a database %s',
    async (template) => {
      await using t = await testDatabase({ template })
      await migrated(t)
      const by = { sight: { isAdmin: true, teamId: null } } as VisibilityClass
      const called = (name: string) =>
        serverStore(t.db).calledSo({ id: ServerId.mint(), name, ownerId, teamId: null }, by)
      await t.sql(owner)
      await t.sql(server(ServerId.mint(), 'DIGIT'))
      expect(await called('digit')).toBe('public')
      expect(await called('d\u0131g\u0131t')).toBeUndefined()
      await t.sql(server(ServerId.mint(), 'kelvin'))
      await t.sql(server(ServerId.mint(), '\u212Aelvin'))
      const asked = { set: 's', slugs: [], servers: [foldCase('KELVIN')], tokens: [], userId: UserId.mint() }
      const found = await readExisting(t.db.read('declared'), [asked])
      expect(found.get(asked)?.map(({ name }) => name)).toEqual(['kelvin'])
    },
  )
})

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { causeway, type CliRun } from '../support/cli.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'

let gateway: RunningGateway
let folder: string

beforeAll(async () => {
  ;[gateway, folder] = await Promise.all([startGateway(), mkdtemp(join(tmpdir(), 'audit-'))])
  expect((await run(['user', 'add', 'ann@example.com'])).code).toBe(0)
  expect((await run(['team', 'add', 'payments'])).code).toBe(0)
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const run = (args: readonly string[]): Promise<CliRun> =>
  causeway(args, { CAUSEWAY_URL: gateway.url, CAUSEWAY_DATA_DIR: gateway.dataDir })

test('who changed what, newest first, and of one kind', async () => {
  const all = await run(['audit', 'list'])
  expect(all.out).toMatch(
    /^NO +AT +WHO +DID +TO +WHAT\n\d+ +\S+ +admin@localhost +teams\.create +payments +admin@localhost as owner\n/,
  )
  const users = JSON.parse((await run(['audit', 'list', '--action', 'users', '--json'])).out) as { action: string }[]
  expect(new Set(users.map(({ action }) => action))).toEqual(new Set(['users.create']))
  const wrong = await run(['audit', 'list', '--since', 'yesterday'])
  expect([wrong.code, wrong.err]).toEqual([1, expect.stringMatching(/since: .* is no time: .* 2h or 7d/)])
  expect((await run(['audit', 'list', '--since', '2h'])).out).toBe((await run(['audit', 'list'])).out)
  const head = await run(['audit', 'verify', '--head', 'zz'])
  expect(head.err).toMatch(/head: must be a head that an earlier verification or the log told \[422/)
})

test('the record is intact, and a head that is not its own says that it is another', async () => {
  const good = await run(['audit', 'verify'])
  expect([good.code, good.out]).toEqual([
    0,
    expect.stringMatching(/^intact: \d+ changes\nsealed from number 1 on\nhead [0-9a-f]{64}\nintact: \d+ refusals\n$/),
  ])
  const head = /head (\S+)/.exec(good.out)?.[1] ?? ''
  expect((await run(['audit', 'verify', '--head', head])).code).toBe(0)
  const other = await run(['audit', 'verify', '--head', '0'.repeat(64)])
  expect([other.code, other.err]).toEqual([1, expect.stringMatching(/not intact at its end: the head that was noted/)])
})

test('it is taken away as lines or as a table, whole or not at all', async () => {
  const path = join(folder, 'audit.csv')
  expect((await run(['audit', 'export', '--format', 'csv', '--out', path])).code).toBe(0)
  const table = await readFile(path, 'utf8')
  const lines = (await run(['audit', 'export'])).out.trimEnd().split('\n')
  expect(table.trimEnd().split('\r\n')).toHaveLength(lines.length + 1)
  expect(lines.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual(
    lines.map((_, index) => expect.toSatisfy((seq: number) => seq > index)),
  )
  const nowhere = await run(['audit', 'export', '--out', join(folder, 'no', 'such.jsonl')])
  expect([nowhere.code, nowhere.err]).toEqual([1, expect.stringMatching(/could not be written: ENOENT/)])
  expect(await readdir(folder)).toEqual(['audit.csv'])
})

test('who knocked without a key, and who wanted more than it may', async () => {
  const token = (await run(['user', 'add', 'eve@example.com'])).out.trim()
  const knock = async (path: string, authorization: string): Promise<number> => {
    const answer = await fetch(gateway.url + path, { headers: { authorization } })
    await answer.arrayBuffer()
    return answer.status
  }
  for (let n = 0; n < 25; n++) expect(await knock('/v1/tools', `Bearer guess-${n}`)).toBe(401)
  expect(await knock('/v1/audit', `Bearer ${token}`)).toBe(403)
  const find = async (kind: string): Promise<Record<string, unknown>[]> =>
    JSON.parse((await run(['audit', 'refusals', '--kind', kind, '--json'])).out) as Record<string, unknown>[]
  await expect.poll(() => find('forbidden'), { timeout: 25_000, interval: 500 }).not.toEqual([])
  const [forbidden] = await find('forbidden')
  expect(forbidden).toMatchObject({ network: '127.0.0.1', path: '/v1/audit', times: 1, user_email: 'eve@example.com' })
  expect(forbidden).toMatchObject({ user_id: expect.any(String) })
  const guesses = await find('unauthenticated')
  expect(guesses.reduce((sum, { times }) => sum + Number(times), 0)).toBe(25)
  expect(guesses.every(({ user_id: user }) => user === null)).toBe(true)
  expect((await run(['audit', 'refusals'])).out).toMatch(
    /^AT +TIMES +WHO +FROM +WHAT +PATH +WHY\n(.*\n)*.* eve@example\.com +127\.0\.0\.1 +forbidden /,
  )
  expect((await run(['audit', 'verify'])).out).toMatch(/intact: [1-9]\d* refusals/)
}, 60_000)

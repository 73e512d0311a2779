import { mkdtemp, chmod, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startHttpApi } from '../fixtures/http-api.ts'
import { causeway, type CliRun } from '../support/cli.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import type { Listening } from '../support/listen.ts'
import { FIXTURE } from '../support/stdio-host.ts'

const WORKERS = 2
let database: TestDatabase
let api: Listening
let gateway: RunningGateway
let dataDir: string

const start = (): Promise<RunningGateway> =>
  startGateway({ dataDir, env: { CAUSEWAY_WORKERS: String(WORKERS), DATABASE_URL: database.url } })

beforeAll(async () => {
  ;[database, api, dataDir] = await Promise.all([
    testDatabase(),
    startHttpApi(),
    mkdtemp(join(tmpdir(), 'causeway-keys-')),
  ])
  await chmod(dataDir, 0o711)
  gateway = await start()
  const command = { command: process.execPath, args: [FIXTURE], env: { KEY: 'env-secret' } }
  expect((await gateway.api('POST', '/v1/gateways', { name: 'mine', transport: 'STDIO', ...command })).status).toBe(200)
  for (let n = 0; n < 30; n++) {
    const tool = { name: `echo-${n}`, url: `${api.origin}/echo`, headers: { 'X-Key': `header-secret-${n}` } }
    expect((await gateway.api('POST', '/v1/tools', tool)).status).toBe(200)
  }
}, 60_000)
afterAll(async () => {
  for (const one of [gateway, api, database]) await one?.[Symbol.asyncDispose]()
  await rm(dataDir, { recursive: true, force: true })
})

const run = (...args: readonly string[]): Promise<CliRun> =>
  causeway(args, { CAUSEWAY_URL: gateway.url, CAUSEWAY_DATA_DIR: dataDir })

async function call(name: string): Promise<string> {
  const answer = await fetch(`${gateway.url}/rpc`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } }),
  })
  const text = await answer.text()
  const { result } = JSON.parse(text) as { result?: { isError?: boolean; content: readonly { text: string }[] } }
  if (result === undefined || result.isError === true) throw new Error(text)
  return result.content[0]?.text ?? ''
}

/** Calls tools with secrets without a break, on connections of its own, so that every worker has some. */
function calling(): { stop(): Promise<{ calls: number; failures: unknown[]; pids: Set<number> }> } {
  const seen = { calls: 0, failures: [] as unknown[], pids: new Set<number>() }
  let going = true
  const one = async (lane: number): Promise<void> => {
    for (let n = lane; going; n++) {
      try {
        const text = await call(`echo-${n % 30}`)
        if (!text.includes(`header-secret-${n % 30}`)) throw new Error(`without its secret: ${text}`)
        seen.pids.add((JSON.parse(await call('mine-pid')) as { pid: number }).pid)
        seen.calls += 2
      } catch (error) {
        seen.failures.push(error)
      }
    }
  }
  const lanes = Promise.all(Array.from({ length: 4 }, (_, lane) => one(lane)))
  return {
    stop: async () => {
      going = false
      await lanes
      return seen
    },
  }
}

const keys = async (): Promise<{ id: string; current: boolean; sealed: number }[]> =>
  JSON.parse((await run('keys', 'list', '--json')).out) as { id: string; current: boolean; sealed: number }[]

test('everything is sealed anew while calls go on, and the key before can be forgotten', async () => {
  const [first] = await keys()
  // Thirty of tools, one of a server, and what the audit log is sealed with.
  expect(first).toMatchObject({ current: true, sealed: 32 })
  const before = first?.id ?? ''
  const traffic = calling()
  const rotated = await run('keys', 'rotate')
  expect([rotated.code, rotated.out]).toEqual([
    0,
    expect.stringMatching(/^32 secrets are now sealed under [0-9a-f]{8}\n/),
  ])
  const again = await run('keys', 'rotate')
  expect(again.out).toMatch(/^33 secrets/)
  for (const { id, current } of await keys()) if (!current) expect((await run('keys', 'forget', id)).code).toBe(0)
  const { calls, failures, pids } = await traffic.stop()
  expect(failures).toEqual([])
  expect(calls).toBeGreaterThan(20)
  // Neither its connections nor its process were changed for it.
  expect(pids.size).toBe(1)

  const [left, ...others] = await keys()
  expect([left?.current, left?.sealed, others]).toEqual([true, 34, []])
  expect(await textsWith(before)).toEqual([])
  expect(await readFile(join(dataDir, 'keys.json'), 'utf8')).not.toContain(before)
}, 60_000)

/** Columns of the whole database that hold a text under a key. */
async function textsWith(keyId: string): Promise<readonly string[]> {
  const columns = await database.sql<{ t: string; c: string }>(
    `SELECT table_name AS t, column_name AS c FROM information_schema.columns
     WHERE table_schema = current_schema() AND data_type = 'text'`,
  )
  const found: string[] = []
  for (const { t, c } of columns) {
    const rows = await database.sql(`SELECT FROM "${t}" WHERE "${c}" LIKE 'v1.${keyId}.%' LIMIT 1`)
    if (rows.length > 0) found.push(`${t}.${c}`)
  }
  return found
}

test('what would lose something is refused and says what to do', async () => {
  const [current] = await keys()
  const own = await run('keys', 'forget', current?.id ?? '')
  expect([own.code, own.err]).toEqual([1, expect.stringMatching(/rotate first/)])
  expect((await run('keys', 'forget', 'nokey')).err).toMatch(/no key 'nokey'/)
  expect((await run('keys', 'rotate', '--to', 'nokey')).err).toMatch(/to: the ring has no key 'nokey'/)
  const added = (await run('keys', 'add')).out.trim()
  expect((await run('keys', 'rotate', '--to', added)).code).toBe(0)
  // Of two at once one waits for the other: no key that anybody uses gets lost.
  const both = await Promise.all([run('keys', 'rotate'), run('keys', 'rotate')])
  expect(both.map(({ code, err }) => [code, err])).toEqual([
    [0, ''],
    [0, ''],
  ])
  expect(await keys()).toHaveLength(4)
  expect((await keys()).filter((each) => each.current)).toHaveLength(1)
  expect(await call('echo-3')).toContain('header-secret-3')
})

test('a start afterwards opens everything, and no record holds a key', async () => {
  const ring = await readFile(join(dataDir, 'keys.json'), 'utf8')
  await gateway.stop()
  gateway = await start()
  expect(await call('echo-7')).toContain('header-secret-7')
  expect(await call('mine-env')).toContain('env-secret')
  const audit = await run('audit', 'list', '--action', 'keys', '--json')
  expect(JSON.parse(audit.out)).toContainEqual(expect.objectContaining({ action: 'keys.rotate' }))
  expect(audit.out).not.toContain(Object.values((JSON.parse(ring) as { keys: Record<string, string> }).keys)[0])
}, 60_000)

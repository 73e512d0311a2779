import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { causeway, type CliRun } from '../support/cli.ts'
import { testDatabase } from '../support/database.ts'
import { startGateway } from '../support/gateway.ts'
import { legacyServer, type RunningServer } from '../support/mcp-servers.ts'

let stack: AsyncDisposableStack
let upstream: RunningServer
let folder: string
let archive: string
/** A token that was made before the backup. */
let token: string
let gatewayId: string

const FLAGS = (): string[] => ['--passphrase-file', join(folder, 'passphrase')]

async function dataDir(name: string): Promise<string> {
  const path = join(folder, name)
  await mkdir(path)
  await chmod(path, 0o711)
  return path
}

const run = (args: readonly string[], env: Readonly<Record<string, string>>): Promise<CliRun> =>
  causeway([...args, ...FLAGS()], env)

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  folder = await mkdtemp(join(tmpdir(), 'cw-backup-'))
  await chmod(folder, 0o711)
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'passphrase'), 'correct horse battery staple\nnot this line\n')
  archive = join(folder, 'archive')
  upstream = stack.use(await legacyServer({ stateful: false }))
  await using gateway = await startGateway({ dataDir: await dataDir('first') })
  const CAUSEWAY_DATA_DIR = gateway.dataDir
  const made = await gateway.api('POST', '/v1/gateways', { name: 'up', url: upstream.url, authToken: 'sealed-s3cret' })
  gatewayId = made.body.id
  token = String((await gateway.api('POST', '/v1/tokens', { name: 'laptop' })).body['access_token'])
  const call = await causeway(['call', 'up-echo'], { CAUSEWAY_URL: gateway.url, CAUSEWAY_DATA_DIR })
  expect(call).toMatchObject({ code: 0 })
  const called = async (): Promise<void> => {
    const { body } = await gateway.api('GET', '/v1/metrics')
    expect(JSON.stringify(body)).toMatch(/"total_?[eE]xecutions":1\b/)
  }
  await vi.waitFor(called, { timeout: 10_000, interval: 100 })
  // While it runs.
  const { code, out, err } = await run(['backup', archive], { CAUSEWAY_DATA_DIR })
  expect([code, err]).toEqual([0, expect.not.stringContaining('causeway:')])
  expect(out).toMatch(/^backed up \d+ rows into .*archive \(\d+ KiB\)$/m)
  const refused = await run(['restore', archive, '--replace', '--yes'], { CAUSEWAY_DATA_DIR })
  expect(refused).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining(`in use by process ${gateway.pid}`) as string,
  })
}, 120_000)
afterAll(() => stack?.disposeAsync())

test('the archive is its owner’s alone, holds no secret in the clear, and is not written over', async () => {
  expect((await stat(archive)).mode & 0o777).toBe(0o600)
  const bytes = (await readFile(archive)).toString('latin1')
  for (const secret of ['sealed-s3cret', token, 'admin@localhost', 'correct horse']) expect(bytes).not.toContain(secret)
  const again = await run(['backup', archive], { CAUSEWAY_DATA_DIR: join(folder, 'first') })
  expect(again).toMatchObject({ code: 1, err: expect.stringContaining('exists already') as string })
  expect((await readdir(folder)).filter((name) => name.includes('.part'))).toEqual([])
})

test('restored elsewhere, tokens, sealed credentials, records and the gateway’s own name for it are as they were', async () => {
  const CAUSEWAY_DATA_DIR = await dataDir('second')
  const restored = await run(['restore', archive], { CAUSEWAY_DATA_DIR })
  expect(restored).toMatchObject({ code: 0, out: expect.stringMatching(/^restored \d+ rows of 20/) as string })
  upstream.credentials.clear()
  await using gateway = await startGateway({ dataDir: CAUSEWAY_DATA_DIR })
  const asLaptop = await fetch(`${gateway.url}/v1/gateways/${gatewayId}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  expect([asLaptop.status, await asLaptop.json()]).toMatchObject([200, { name: 'up', reachable: true }])
  expect(gateway.token).toBe((await readFile(join(folder, 'first', 'admin-token'), 'utf8')).trim())
  const called = await causeway(['call', 'up-echo'], { CAUSEWAY_URL: gateway.url, CAUSEWAY_TOKEN: token })
  expect(called).toMatchObject({ code: 0, out: 'hello\n' })
  expect([...upstream.credentials]).toEqual(['Bearer sealed-s3cret'])
  await expect
    .poll(async () => JSON.stringify((await gateway.api('GET', '/v1/metrics')).body), { timeout: 10_000 })
    .toMatch(/"total_?[eE]xecutions":2\b/)
  const over = await run(['restore', archive], { CAUSEWAY_DATA_DIR: join(folder, 'first') })
  expect(over).toMatchObject({
    code: 1,
    err: expect.stringMatching(/not empty: it holds 1 users, 1 gateways, .*--replace/) as string,
  })
}, 90_000)

test('into a PostgreSQL outside, and from there back', async () => {
  await using outside = await testDatabase({ template: 'template0' })
  const env = { DATABASE_URL: outside.url, CAUSEWAY_DATA_DIR: await dataDir('third') }
  expect(await run(['restore', archive, '--json'], env)).toMatchObject({ code: 0 })
  const second = join(folder, 'from-outside')
  const { out, code } = await run(['backup', second, '--json'], env)
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    tables: { gateways: { rows: 1 }, tokens: { rows: 2 }, usage_records: { rows: 1 } },
  })
  expect(await run(['restore', second], { CAUSEWAY_DATA_DIR: await dataDir('fourth') })).toMatchObject({ code: 0 })
}, 60_000)

test('a folder of another PostgreSQL is refused with the way out, and the way out works', async () => {
  const CAUSEWAY_DATA_DIR = await dataDir('old')
  const data = join(CAUSEWAY_DATA_DIR, 'postgres', 'data')
  await mkdir(data, { recursive: true })
  await writeFile(join(data, 'PG_VERSION'), '15\n')
  const start = await causeway(['serve', '--port', '0'], { CAUSEWAY_DATA_DIR })
  expect(start).toMatchObject({
    code: 1,
    err: expect.stringMatching(
      /belongs to PostgreSQL 15.*causeway backup FILE.*causeway restore FILE --replace/,
    ) as string,
  })
  const { code, out } = await run(['restore', archive, '--replace', '--yes'], { CAUSEWAY_DATA_DIR })
  expect([code, out]).toEqual([0, expect.stringContaining(`is kept in ${join(CAUSEWAY_DATA_DIR, 'postgres-15')}`)])
  expect(await readFile(join(CAUSEWAY_DATA_DIR, 'postgres-15', 'data', 'PG_VERSION'), 'utf8')).toBe('15\n')
}, 60_000)

test('what cannot be opened or understood is said in a sentence, and nothing is made', async () => {
  const CAUSEWAY_DATA_DIR = await dataDir('empty')
  const env = { CAUSEWAY_DATA_DIR }
  const bytes = await readFile(archive)
  const broken = join(folder, 'broken')
  const restoring = async (content: Buffer | string): Promise<string> => {
    await writeFile(broken, content)
    const { code, out, err } = await run(['restore', broken], env)
    expect([code, out]).toEqual([1, ''])
    return err
  }
  const flipped = Buffer.from(bytes)
  flipped[bytes.length - 100] = (flipped[bytes.length - 100] ?? 0) ^ 1
  expect(await restoring(flipped)).toMatch(/the archive is damaged \(.*\): nothing was changed/)
  expect(await restoring(bytes.subarray(0, -1))).toContain('the archive is damaged (it is cut off)')
  expect(await restoring('')).toContain('this is no backup of Causeway')
  expect(await restoring('PGDMP')).toContain('this is no backup of Causeway')
  await writeFile(join(folder, 'other'), 'another passphrase that is long\n')
  const wrong = await causeway(['restore', archive, '--passphrase-file', join(folder, 'other')], env)
  expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('the passphrase is not the one') as string })
  const none = await causeway(['restore', archive], env)
  expect(none).toMatchObject({ code: 1, err: expect.stringContaining('--passphrase-file FILE') as string })
  expect(await run(['restore', join(folder, 'nothing')], env)).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is no such file') as string,
  })
  expect(await run(['backup', join(folder, 'x')], env)).toMatchObject({
    code: 1,
    err: expect.stringContaining('keys.json does not exist') as string,
  })
  await writeFile(join(folder, 'short'), 'short\n')
  const short = await causeway(['backup', join(folder, 'x'), '--passphrase-file', join(folder, 'short')], env)
  expect(short).toMatchObject({ code: 1, err: expect.stringContaining('12 characters') as string })
  expect((await readdir(CAUSEWAY_DATA_DIR)).filter((name) => name !== 'control.sock')).toEqual([])
}, 60_000)

import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startEmbedded } from '#/supervisor/embedded-postgres.ts'
import { quiet, recordingLog } from '../support/quiet.ts'
import { ask, dataFolder, isAlive, ownerProcess } from './owner-process.ts'

const settings = { fsync: 'off' }

test('starts on an empty folder, answers on a private socket only, and leaves nothing running', async () => {
  await using folder = await dataFolder()
  const server = await startEmbedded({ dataDir: folder.path, log: quiet, settings })
  const asked = await ask(
    server.url,
    "SELECT current_setting('server_version_num')::int / 10000 AS major, current_setting('listen_addresses') AS tcp, current_database() AS name",
  )
  expect(asked).toEqual([{ major: 18, tcp: '', name: 'causeway' }])
  for (const path of ['postgres', 'postgres/data', 'postgres/run']) {
    expect((await stat(join(folder.path, path))).mode & 0o777).toBe(0o700)
  }
  expect((await stat(join(folder.path, 'postgres/password'))).mode & 0o777).toBe(0o600)
  const processOwner = (await stat(`/proc/${server.pid}`)).uid
  expect(processOwner).not.toBe(0)
  const began = performance.now()
  await server[Symbol.asyncDispose]()
  expect(performance.now() - began).toBeLessThan(5_000)
  expect(await isAlive(server.pid)).toBe(false)
  expect(await readdir(folder.path)).toEqual(['postgres'])
})

test('what was stored is there on the next start', async () => {
  await using folder = await dataFolder()
  {
    await using server = await startEmbedded({ dataDir: folder.path, log: quiet, settings })
    await ask(server.url, 'CREATE TABLE kept AS SELECT 1 AS n')
  }
  await using server = await startEmbedded({ dataDir: folder.path, log: quiet, settings })
  expect(await ask(server.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }])
})

test('a second start on a folder in use is refused with folder and process id; the first goes on', async () => {
  await using folder = await dataFolder()
  await using owner = await ownerProcess(folder.path)
  const second = startEmbedded({ dataDir: folder.path, log: quiet, settings })
  await expect(second).rejects.toThrow(`the data folder ${folder.path} is in use by process ${owner.child.pid}`)
  expect(await ask(owner.said.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
})

test('of six processes that start at once on one folder, one gets it, five are told so', async () => {
  await using folder = await dataFolder()
  await using stack = new AsyncDisposableStack()
  const owners = await Promise.all(Array.from({ length: 6 }, () => ownerProcess(folder.path)))
  for (const owner of owners) stack.use(owner)
  const errors = owners.map(({ said }) => said.error).filter((error) => error !== undefined)
  expect(errors).toHaveLength(5)
  for (const error of errors) expect(error).toMatch(/is in use by process \d+/)
})

test('after SIGKILL of its owner PostgreSQL ends, and the next start has every commit', async () => {
  await using folder = await dataFolder()
  const owner = await ownerProcess(folder.path)
  await ask(owner.said.url, 'CREATE TABLE kept AS SELECT 2 AS n')
  await owner.kill('SIGKILL')
  await using server = await startEmbedded({ dataDir: folder.path, log: quiet, settings })
  expect(await ask(server.url, 'SELECT n FROM kept')).toEqual([{ n: 2 }])
  await expect.poll(() => isAlive(owner.said.pid)).toBe(false)
})

test('after SIGKILL of PostgreSQL it is started again at the same place, with every commit', async () => {
  await using folder = await dataFolder()
  const log = recordingLog()
  await using server = await startEmbedded({ dataDir: folder.path, log })
  for (const n of [1, 2]) {
    await ask(server.url, `CREATE TABLE kept${n} AS SELECT 3 AS n`)
    const first = server.pid
    process.kill(first, 'SIGKILL')
    await expect.poll(() => server.pid, { timeout: 10_000 }).not.toBe(first)
    expect(await ask(server.url, `SELECT n FROM kept${n}`)).toEqual([{ n: 3 }])
  }
  expect(log.lines.filter(({ level }) => level === 'error')).toMatchObject([
    { fields: { event: 'postgres.ended', how: 'SIGKILL' } },
    { fields: { event: 'postgres.ended', how: 'SIGKILL' } },
  ])
})

test('a server that cannot be started again is reported', async () => {
  await using folder = await dataFolder()
  const log = recordingLog()
  await using server = await startEmbedded({ dataDir: folder.path, log, settings })
  await rename(join(folder.path, 'postgres/data/global'), join(folder.path, 'postgres/data/gone'))
  process.kill(server.pid, 'SIGKILL')
  await expect(server.failed).rejects.toThrow(/the embedded PostgreSQL did not start/)
})

test('a folder of another major version is refused with the way out, and stays as it is', async () => {
  await using folder = await dataFolder()
  await mkdir(join(folder.path, 'postgres/data'), { recursive: true })
  await writeFile(join(folder.path, 'postgres/data/PG_VERSION'), '17\n')
  const starting = startEmbedded({ dataDir: folder.path, log: quiet })
  await expect(starting).rejects.toThrow(/belongs to PostgreSQL 17; this Causeway carries 18.*DATABASE_URL/)
  expect(await readdir(join(folder.path, 'postgres/data'))).toEqual(['PG_VERSION'])
})

test('a start that was killed half-way through making the cluster does not spoil the next', async () => {
  await using folder = await dataFolder()
  await mkdir(join(folder.path, 'postgres/data.new/base'), { recursive: true })
  await writeFile(join(folder.path, 'postgres/data.new/PG_VERSION'), '18\n')
  await using server = await startEmbedded({ dataDir: folder.path, log: quiet, settings })
  expect(await ask(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
})

test('a path too long for a socket is no obstacle, and leaves nothing behind elsewhere', async () => {
  await using folder = await dataFolder()
  const deep = join(folder.path, 'a'.repeat(60), 'b'.repeat(60))
  let sockets = ''
  {
    await using server = await startEmbedded({ dataDir: deep, log: quiet, settings })
    expect(await ask(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    await expect(startEmbedded({ dataDir: deep, log: quiet })).rejects.toThrow(`is in use by process ${process.pid}`)
    sockets = new URL(server.url).searchParams.get('host') ?? ''
    expect((await stat(sockets)).mode & 0o777).toBe(0o700)
  }
  await expect(stat(sockets)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('its password is not guessable and not in its own log lines', async () => {
  await using folder = await dataFolder()
  await using server = await startEmbedded({ dataDir: folder.path, log: quiet, settings })
  const password = await readFile(join(folder.path, 'postgres/password'), 'utf8')
  expect(password).toMatch(/^[\w-]{32}$/)
  const wrong = new URL(server.url)
  wrong.password = 'causeway'
  await expect(ask(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' })
})

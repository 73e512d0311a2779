import { chown, cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { unprivilegedAccount, spawnAs } from '#/supervisor/embedded-account.ts'
import { usableBinaries } from '#/supervisor/embedded-binaries.ts'
import { startEmbedded } from '#/supervisor/embedded-postgres.ts'
import { postmaster } from '#/supervisor/embedded-postmaster.ts'
import { quiet, recordingLog } from '../support/quiet.ts'
import { ask, dataFolder, isAlive, ownerProcess } from './owner-process.ts'

const root = process.getuid?.() === 0
const platform = `@embedded-postgres/${process.platform}-${process.arch}`
const PACKAGE = fileURLToPath(new URL('..', import.meta.resolve(platform)))
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))

/** The repository as npm left it without install scripts: no library links. What is not PostgreSQL is only what a start needs. */
async function installedIn(folder: string): Promise<string> {
  const native = join(folder, 'node_modules', platform)
  await cp(PACKAGE, native, { recursive: true, verbatimSymlinks: true })
  const lib = join(native, 'native/lib')
  for (const entry of await readdir(lib, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) await rm(join(lib, entry.name))
  }
  await cp(join(REPOSITORY, 'src'), join(folder, 'src'), { recursive: true })
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module', imports: { '#/*.ts': './src/*.ts' } }))
  await cp(join(REPOSITORY, 'test/supervisor/workers/embedded.ts'), join(folder, 'worker.ts'))
  return join(folder, 'worker.ts')
}

describe('library links that npm did not make', () => {
  test('are made where the programs lie', async () => {
    await using installation = await dataFolder(0o755)
    await using folder = await dataFolder()
    const worker = await installedIn(installation.path)
    await using owner = await ownerProcess(folder.path, { worker })
    expect(owner.said.error).toBeUndefined()
    expect(await ask(owner.said.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(await readdir(folder.path)).not.toContain('native')
  })

  test.runIf(root)('are made in a copy where the programs cannot be reached', async () => {
    await using installation = await dataFolder(0o700)
    await using folder = await dataFolder()
    const worker = await installedIn(installation.path)
    {
      await using owner = await ownerProcess(folder.path, { worker })
      expect(owner.said.error).toBeUndefined()
      expect(await ask(owner.said.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    }
    const made = (await stat(join(folder.path, 'native'))).ctimeMs
    await using again = await ownerProcess(folder.path, { worker })
    expect(again.said.error).toBeUndefined()
    expect((await stat(join(folder.path, 'native'))).ctimeMs).toBe(made)
  })
})

test.runIf(root)('an ordinary account starts it as itself', async () => {
  await using folder = await dataFolder()
  const home = join(folder.path, 'home')
  await mkdir(home)
  await chown(home, 65_534, 65_534)
  await using owner = await ownerProcess(home, { uid: 65_534 })
  expect(owner.said.error).toBeUndefined()
  expect(await ask(owner.said.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  expect((await stat(join(home, 'postgres/data'))).uid).toBe(65_534)
})

test.runIf(root)('root is told when the database account cannot reach the data folder', async () => {
  await using folder = await dataFolder(0o700)
  const starting = startEmbedded({ dataDir: join(folder.path, 'data'), log: quiet })
  await expect(starting).rejects.toThrow(new RegExp(`may not enter ${folder.path}: set CAUSEWAY_DATA_DIR`))
})

test('a server that outlived its parent is stopped, its folder taken over', async () => {
  await using folder = await dataFolder()
  {
    await using server = await startEmbedded({ dataDir: folder.path, log: quiet })
    await ask(server.url, 'CREATE TABLE kept AS SELECT 4 AS n')
  }
  const account = await unprivilegedAccount()
  const { postgres } = await usableBinaries(account, join(folder.path, 'native'))
  const data = join(folder.path, 'postgres/data')
  const orphan = spawnAs(
    account,
    [postgres, '-D', data, '-k', join(folder.path, 'postgres/run'), '-c', 'listen_addresses='],
    { stdio: 'ignore' },
  )
  await expect.poll(async () => (await postmaster(data))?.status).toBe('ready')
  const log = recordingLog()
  await using server = await startEmbedded({ dataDir: folder.path, log })
  expect(await isAlive(orphan.pid ?? 0)).toBe(false)
  expect(server.pid).not.toBe(orphan.pid)
  expect(log.lines).toMatchObject([{ fields: { event: 'postgres.orphan', pid: orphan.pid } }])
  expect(await ask(server.url, 'SELECT n FROM kept')).toEqual([{ n: 4 }])
})

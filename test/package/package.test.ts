import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { giveTo, unprivilegedAccount } from '../../src/supervisor/embedded-account.ts'
import { freePort } from '../support/child-server.ts'
import { legacyServer, type RunningServer } from '../support/mcp-servers.ts'
import { Workshop } from './packed.ts'

/** The machine's own Node, without the newer one that `npm test` puts before it. */
const SYSTEM_PATH = (process.env['PATH'] ?? '')
  .split(':')
  .filter((part) => !part.includes('node_modules'))
  .join(':')
const systemNode = execFileSync('node', ['-p', 'process.versions.node'], {
  env: { PATH: SYSTEM_PATH },
  encoding: 'utf8',
})
const isOld = Number(systemNode.split('.')[0]) < 24

let shop: Workshop
let tarball: string
let upstream: RunningServer

beforeAll(async () => {
  shop = new Workshop()
  upstream = await legacyServer({ stateful: true })
  tarball = await shop.pack()
}, 300_000)
afterAll(async () => {
  await upstream?.[Symbol.asyncDispose]()
  shop?.[Symbol.dispose]()
})

test('the tarball carries what runs and what explains it, and nothing else', async () => {
  const { out } = await shop.run(shop.folder, 'tar', ['tzf', tarball])
  const files = out
    .trim()
    .split('\n')
    .map((path) => path.replace('package/', ''))
  expect(files).toEqual(
    expect.arrayContaining([
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'package.json',
      'bin/causeway.js',
      'dist/main.js',
      'dist/lib/backoff.js',
      'dist/lab/main.js',
      'dist/lab/scenarios/smoke.json',
      'sql/0001_catalog.sql',
    ]),
  )
  expect(files.filter((path) => !/^(bin|deploy|dist|docs|sql)\/|^[A-Z]+(\.md)?$|^package\.json$/.test(path))).toEqual(
    [],
  )
  expect(files.filter((path) => /\.(ts|map)$|\.test\.|(^|\/)(test|bench|scripts|src)\//.test(path))).toEqual([])
})

describe('installed without install scripts, in a folder that may not be written', () => {
  let folder: string
  let node: string

  beforeAll(async () => {
    folder = shop.empty('project')
    const { code, err } = await shop.run(folder, 'npm', ['install', '--ignore-scripts', tarball])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    // Where an account without rights can reach it.
    node = join(shop.folder, 'node')
    copyFileSync(process.execPath, node)
  }, 300_000)

  test('a server is added and its tool is called', async () => {
    const account = await unprivilegedAccount()
    const home = shop.empty('home')
    await giveTo(account, home)
    if (account === null) execFileSync('chmod', ['-R', 'a-w', folder])
    const port = String(await freePort())
    const settings = { HOME: home, CAUSEWAY_DATA_DIR: join(home, 'data'), CAUSEWAY_WORKERS: '1', PORT: port }
    const causeway = join(folder, 'node_modules/causeway-mcp/bin/causeway.js')
    await using serving = shop.serve(folder, [node, causeway, 'serve'], settings, account)
    expect(await serving.welcome()).toContain('npx causeway add NAME URL')
    const env = { CAUSEWAY_URL: `http://127.0.0.1:${port}`, CAUSEWAY_DATA_DIR: settings.CAUSEWAY_DATA_DIR }
    const run = (...args: string[]) => shop.run(folder, node, [causeway, ...args], env)
    expect((await run('add', 'first', upstream.url)).out).toMatch(/^added first/)
    expect(await run('call', 'first-echo')).toEqual({ code: 0, out: 'hello\n', err: '' })
    expect((await run('add', '--example')).out).toMatch(/^added example/)
    expect((await run('call', 'example-text-statistics', '--arg', 'text=one two')).out).toContain('"words": 2')
    expect(await serving.interrupt()).toBe(0)
    if (account === null) execFileSync('chmod', ['-R', 'u+w', folder])
  }, 120_000)

  test.skipIf(!isOld)('an old Node names the line that works', async () => {
    const { code, err } = await shop.run(folder, 'npx', ['causeway', 'serve'], { PATH: SYSTEM_PATH })
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringContaining(`\n  npx -p node@24 -p ${tarball} causeway serve\n`) as string,
    })
  })
})

test('npx runs it from an empty folder, whatever Node the machine has', async () => {
  const folder = shop.empty('nothing')
  const port = String(await freePort())
  const settings = {
    PATH: SYSTEM_PATH,
    CAUSEWAY_DATA_DIR: join(shop.folder, 'data'),
    CAUSEWAY_WORKERS: '1',
    PORT: port,
  }
  mkdirSync(settings.CAUSEWAY_DATA_DIR, { mode: 0o711 })
  const npx = ['npx', '-p', 'node@24', '-p', tarball, 'causeway']
  await using serving = shop.serve(folder, [...npx, 'serve'], settings)
  expect(await serving.welcome()).toContain(`${npx.join(' ')} add NAME URL`)
  const env = { ...settings, CAUSEWAY_URL: `http://127.0.0.1:${port}` }
  const run = (...args: string[]) => shop.run(folder, 'npx', [...npx.slice(1), ...args], env)
  expect((await run('add', 'first', upstream.url)).out).toMatch(/^added first/)
  expect(await run('call', 'first-echo')).toMatchObject({ code: 0, out: 'hello\n' })
  expect(existsSync(join(folder, 'node_modules'))).toBe(false)
  await serving.interrupt()
  expect(await fetch(`http://127.0.0.1:${port}/health`).catch(() => 'gone')).toBe('gone')
}, 300_000)

import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { causeway, type CliRun } from '../support/cli.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { testDatabase } from '../support/database.ts'

const owned = new AsyncDisposableStack()
let gateway: RunningGateway
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cw-cli-'))
  owned.defer(() => rm(folder, { recursive: true, force: true }))
  const database = owned.use(await testDatabase())
  gateway = owned.use(await startGateway({ env: { DATABASE_URL: database.url } }))
})
afterAll(() => owned.disposeAsync())

const env = (over: Record<string, string> = {}) => ({ CAUSEWAY_URL: gateway.url, XDG_CONFIG_HOME: folder, ...over })
const run = (args: readonly string[], input = ''): Promise<CliRun> => causeway(args, env(), input)
const asAdmin = (args: readonly string[]): Promise<CliRun> => causeway(args, env({ CAUSEWAY_TOKEN: gateway.token }))
const sessions = () => join(folder, 'causeway', 'sessions.json')

test('an administrator makes a code, its user a password, and from then on commands act for that user', async () => {
  expect((await asAdmin(['user', 'add', 'ann@example.com'])).code).toBe(0)
  const reset = await asAdmin(['user', 'password', 'ann@example.com'])
  expect(reset).toMatchObject({ code: 0, out: expect.stringMatching(/^cwr_\S{43}\n$/) })
  expect(reset.err).toContain('causeway login --code')
  const code = reset.out.trim()
  const answer = await fetch(`${gateway.url}/v1/auth/email/reset-password`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reset_code: code, new_password: 'mellow-brook-seven' }),
  })
  expect(answer.status).toBe(200)
  const wrong = await run(['login', 'ann@example.com', '--password-file', '-'], 'mellow-brook-six\n')
  expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('wrong e-mail address or password') })
  const right = await run(['login', 'ann@example.com', '--password-file', '-'], 'mellow-brook-seven\n')
  expect(right).toMatchObject({ code: 0, out: expect.stringContaining('as ann@example.com') })
  expect((await stat(sessions())).mode & 0o777).toBe(0o600)
  expect(await readFile(sessions(), 'utf8')).not.toContain('mellow-brook')
  expect(await run(['why', 'tools.read'])).toMatchObject({
    out: expect.stringContaining('ann@example.com may tools.read'),
  })
  expect(await run(['user', 'list'])).toMatchObject({ code: 1, err: expect.stringContaining('admin.user_management') })
})

test('a session is refreshed when half of it is over, and a lost one is said to be', async () => {
  const kept = JSON.parse(await readFile(sessions(), 'utf8')) as Record<string, { token: string; begins: number }>
  const [origin = '', session] = Object.entries(kept)[0] ?? []
  const aged = { ...session, begins: Date.now() - 7_200_000 }
  await writeFile(sessions(), JSON.stringify({ [origin]: aged }), { mode: 0o600 })
  expect((await run(['list'])).code).toBe(0)
  const now = JSON.parse(await readFile(sessions(), 'utf8')) as typeof kept
  expect(now[origin]?.token).not.toBe(session?.token)
  await writeFile(sessions(), JSON.stringify({ [origin]: { ...aged, expires: Date.now() - 1 } }), { mode: 0o600 })
  expect(await run(['list'])).toMatchObject({ code: 1, err: expect.stringContaining('causeway login') })
  await writeFile(sessions(), JSON.stringify(now), { mode: 0o600 })
})

test('logging out ends the session there and forgets it here', async () => {
  const kept = JSON.parse(await readFile(sessions(), 'utf8')) as Record<string, { token: string }>
  const token = Object.values(kept)[0]?.token ?? ''
  expect(await run(['logout'])).toMatchObject({ code: 0, out: expect.stringContaining('signed out') })
  const headers = { authorization: `Bearer ${token}` }
  expect((await fetch(`${gateway.url}/v1/tools`, { headers })).status).toBe(401)
  expect(await readFile(sessions(), 'utf8')).toBe('{}\n')
  expect(await run(['logout'])).toMatchObject({ code: 1, err: expect.stringContaining('nobody is signed in') })
})

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../support/child-server.ts'
import { causeway } from '../support/cli.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { startGateway, type GatewayEntity, type RunningGateway } from '../support/gateway.ts'
import { legacyServer } from '../support/mcp-servers.ts'
import { startForwarder } from './late-server.ts'

let stack: AsyncDisposableStack
let database: TestDatabase
let folder: string
let path: string
let port: number

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  database = stack.use(await testDatabase())
  folder = await mkdtemp(join(tmpdir(), 'causeway-at-start-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  path = join(folder, 'site.yaml')
  port = await freePort()
  await writeFile(path, text('5s'))
})
afterAll(() => stack?.disposeAsync())

const text = (timeout: string): string => `
settings:
  connect_timeout: ${timeout}
  admin_email: \${ADMIN}
  port: 1
gateways:
  late: { url: 'http://127.0.0.1:${port}/mcp' }
servers:
  dev: { tools: [late-echo] }
tokens:
  ci: { server: dev, file: secrets/ci }
`

const env = () => ({
  DATABASE_URL: database.url,
  CAUSEWAY_CONFIG: path,
  CAUSEWAY_WORKERS: '2',
  ADMIN: 'ann@example.com',
})

async function servers(gateway: RunningGateway): Promise<readonly GatewayEntity[]> {
  return (await gateway.api('GET', '/v1/servers?include_pagination=true')).body['servers'] as readonly GatewayEntity[]
}

test('a start makes what the file declares, completes it when the upstream comes, and the next start finds it done', async () => {
  await using gateway = await startGateway({ env: env(), dataDir: folder })
  await expect.poll(() => gateway.output(), { timeout: 20_000 }).toContain('"event":"declared.applied"')
  expect(await servers(gateway)).toMatchObject([{ name: 'dev', associatedTools: [], createdVia: 'start' }])
  const token = (await readFile(join(folder, 'secrets', 'ci'), 'utf8')).trim()
  expect(await gateway.output()).not.toContain(token)
  const audit = await database.sql<{ actor: string; action: string }>(
    `SELECT actor, action FROM audit_log WHERE actor LIKE '%at start' ORDER BY seq`,
  )
  expect(audit.map(({ action }) => action)).toEqual(['gateways.create', 'servers.create', 'tokens.create'])
  expect(audit[0]?.actor).toBe(`${path} at start`)
  await using upstream = await legacyServer({ stateful: false })
  await using _late = await startForwarder(port, upstream.url)
  await expect
    .poll(async () => (await servers(gateway))[0]?.['associatedTools'], { timeout: 25_000, interval: 250 })
    .toEqual(['late-echo'])
  const before = await servers(gateway)
  await gateway.stop()
  await using again = await startGateway({ env: env(), dataDir: folder })
  await expect
    .poll(() => again.output(), { timeout: 20_000 })
    .toMatch(/"declared.applied".*"created":0,"changed":0,"unchanged":3/)
  expect(await servers(again)).toEqual(before)
}, 90_000)

test('the file’s settings stand below the environment, and its mistakes are all told before anything starts', async () => {
  const { out } = await causeway(['config', '--json', '--workers', '3'], { ...env(), PORT: '7' })
  const { settings, declared, file } = JSON.parse(out) as {
    file: string
    declared: unknown
    settings: { name: string; value: string; source: string }[]
  }
  expect([file, declared]).toEqual([path, { gateways: 1, servers: 1, tokens: 1 }])
  const shown = Object.fromEntries(settings.map(({ name, value, source }) => [name, [value, source]]))
  expect(shown).toMatchObject({
    CAUSEWAY_WORKERS: ['3', 'flag'],
    PORT: ['7', 'environment'],
    CAUSEWAY_CONNECT_TIMEOUT: ['5s', 'file'],
    CAUSEWAY_ADMIN_EMAIL: ['*****', 'file'],
    HOST: ['(loopback: 127.0.0.1 and ::1)', 'default'],
  })
  await writeFile(path, `${text('5')}  b: { expires_at: soon }\n`.replace('port: 1', 'prot: 1'))
  const { code, err } = await causeway(['serve', '--call-timeout', 'long'], env())
  expect(code).toBe(2)
  expect(err).toMatch(/site\.yaml:3:20: connect_timeout is "5" but must be a time/)
  expect(err).toMatch(/site\.yaml:5:3: "prot" is not a setting: did you mean port\?/)
  expect(err).toMatch(/site\.yaml:12:20: tokens\.b\.expires_at: must be a date/)
  expect(err).toMatch(/--call-timeout is "long" but must be a time/)
})

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { causeway } from '../support/cli.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'

interface Finding {
  readonly check: string
  readonly level: string
  readonly message: string
  readonly advice?: string
}

interface Health {
  readonly status: string
  readonly score: number
  readonly checks: Readonly<Record<string, boolean>>
  readonly warning_count: number
  readonly warnings: readonly string[]
  readonly findings: readonly Finding[]
}

const owned = new AsyncDisposableStack()
let database: TestDatabase
let gateway: RunningGateway

beforeAll(async () => {
  database = owned.use(await testDatabase())
  const env = { DATABASE_URL: database.url, CAUSEWAY_CORS_ORIGINS: 'https://app.example.com' }
  gateway = owned.use(await startGateway({ env }))
})
afterAll(() => owned.disposeAsync())

async function health(): Promise<Health> {
  const { status, body } = await gateway.api('GET', '/health/security')
  expect(status).toBe(200)
  return body as unknown as Health
}

const warned = async (): Promise<readonly string[]> =>
  (await health()).findings.filter(({ level }) => level === 'warning').map(({ check }) => check)

/** What this machine knows of the log comes a moment after its first record. */
const until = (checks: readonly string[]): Promise<void> =>
  vi.waitFor(async () => expect(await warned()).toEqual(checks), { timeout: 10_000, interval: 100 })

test('an instance as it comes has nothing to be done about, and says what was looked at', async () => {
  await until([])
  const { status, score, checks, warning_count: count, warnings, findings } = await health()
  expect([status, score, count, warnings]).toEqual(['healthy', 100, 0, []])
  expect(Object.keys(checks)).toEqual(findings.map(({ check }) => check))
  expect(new Set(Object.values(checks))).toEqual(new Set([true]))
  const said = new Map(findings.map(({ check, message }) => [check, message]))
  expect(said.get('cors')).toContain('https://app.example.com')
  expect(said.get('keys')).toContain('with 1 key')
})

test('it is for administrators', async () => {
  const made = await gateway.api('POST', '/v1/tokens', {
    name: 'reads',
    expires_in_days: 1,
    scope: { permissions: ['tools.read', 'admin.metrics'] },
  })
  const ask = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(`${gateway.url}/health/security`, { headers })).status
  const forbidden = await ask({ authorization: `Bearer ${String(made.body['access_token'])}` })
  const below = await gateway.api('GET', '/v1/health/security')
  expect([await ask({}), forbidden, below.status]).toEqual([401, 403, 404])
})

test('what changes is found: a token without an end, a password of somebody else’s choice, a log that was put back', async () => {
  const { body } = await gateway.api('POST', '/v1/tokens', { name: 'for good' })
  const { id } = body['token'] as { id: string }
  await until(['tokens'])
  expect((await health()).warnings).toEqual(['one token never expires'])
  await gateway.api('DELETE', `/v1/tokens/${id}`)
  await until([])
  const second = {
    email: 'second@example.com',
    password: 'Chosen-by-another-1',
    is_admin: true,
    password_change_required: true,
  }
  expect((await gateway.api('POST', '/v1/auth/email/admin/users', second)).status).toBe(201)
  await until(['passwords'])
  const { score } = await health()
  expect(score).toBeLessThan(100)
  await gateway.api('PATCH', '/v1/auth/email/admin/users/second@example.com', { is_active: false })
  await until([])
  const path = join(gateway.dataDir, 'audit-witness.json')
  const known = await readFile(path, 'utf8')
  const { seq, ...rest } = JSON.parse(known) as { seq: number }
  await writeFile(path, JSON.stringify({ ...rest, seq: seq + 1_000 }))
  await until(['audit'])
  await writeFile(path, known)
  await until([])
})

test('causeway doctor shows the same', async () => {
  await gateway.api('POST', '/v1/tokens', { name: 'again for good' })
  await until(['tokens'])
  const env = {
    CAUSEWAY_URL: gateway.url,
    CAUSEWAY_TOKEN: gateway.token,
    CAUSEWAY_DATA_DIR: gateway.dataDir,
    DATABASE_URL: database.url,
  }
  const { code, out } = await causeway(['doctor', '--json'], env)
  const { findings } = JSON.parse(out) as { readonly findings: readonly Finding[] }
  const { findings: asked, score } = await health()
  const at = findings.findIndex(({ check }) => check === 'security')
  expect([code, findings[at]?.message]).toEqual([0, `${score} of 100`])
  expect(findings.slice(at + 1, at + 1 + asked.length)).toEqual(asked)
})

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../support/child-server.ts'
import { causeway } from '../support/cli.ts'
import { needs } from '../support/needs.ts'
import { startPgBouncer } from '../support/pgbouncer.ts'
import { startPostgres15, type TestServer } from '../support/postgres15.ts'

interface Finding {
  readonly check: string
  readonly level: string
  readonly message: string
  readonly advice?: string
}

const folder = mkdtempSync(join(tmpdir(), 'cw-doctor-'))
chmodSync(folder, 0o700)
afterAll(() => rmSync(folder, { recursive: true }))

async function doctor(
  env: Readonly<Record<string, string>>,
): Promise<{ code: number | null; findings: readonly Finding[] }> {
  const settings = { CAUSEWAY_DATA_DIR: folder, PORT: '0', ...env }
  const { code, out, err } = await causeway(['doctor', '--json'], settings)
  expect(err === '' ? 0 : (JSON.parse(err) as { readonly error: { readonly code: string } }).error.code).toBe(
    code === 0 ? 0 : 'unhealthy',
  )
  return { code, findings: (JSON.parse(out) as { readonly findings: readonly Finding[] }).findings }
}

const only = (findings: readonly Finding[], check: string): Finding | undefined =>
  findings.find((one) => one.check === check && one.level !== 'ok') ?? findings.find((one) => one.check === check)

describe('this machine', () => {
  test('before the first start nothing is wrong', async () => {
    const { code, findings } = await doctor({ CAUSEWAY_DATA_DIR: join(folder, 'none') })
    expect(code).toBe(0)
    expect(only(findings, 'data folder')?.message).toContain('is made at the first start')
    expect(only(findings, 'gateway')).toMatchObject({
      level: 'warning',
      advice: expect.stringContaining('causeway serve') as string,
    })
    expect(findings.filter(({ level }) => level === 'problem')).toEqual([])
  })

  test('a folder that others can write, a key that others can read, a port that somebody has', async () => {
    const open = mkdtempSync(join(folder, 'open-'))
    chmodSync(open, 0o777)
    writeFileSync(join(open, 'keys.json'), '{}', { mode: 0o644 })
    const squatter = createServer().listen(0, '127.0.0.1')
    await once(squatter, 'listening')
    const { port } = squatter.address() as AddressInfo
    const { code, findings } = await doctor({ CAUSEWAY_DATA_DIR: open, PORT: String(port) })
    squatter.close()
    expect(code).toBe(1)
    expect(only(findings, 'data folder')).toMatchObject({ level: 'problem', advice: `chmod go-w ${open}` })
    expect(only(findings, 'secrets')).toMatchObject({ level: 'problem', advice: `chmod 600 ${open}/keys.json` })
    expect(only(findings, 'port')).toMatchObject({
      level: 'problem',
      message: expect.stringContaining(String(port)) as string,
    })
    if (process.platform === 'linux') expect(only(findings, 'port')?.message).toContain(`process ${process.pid} (`)
  })

  test('settings that are wrong are the only thing that is said', async () => {
    const { code, findings } = await doctor({ DATABASE_POOL_SIZE: 'many' })
    expect(code).toBe(1)
    expect(findings.map(({ check, level }) => [check, level])).toEqual([['settings', 'problem']])
  })

  test('for people each line says what it found, and below it what to do', async () => {
    const CAUSEWAY_URL = `http://127.0.0.1:${await freePort()}`
    const settings = { CAUSEWAY_DATA_DIR: folder, PORT: '0', CAUSEWAY_URL, CAUSEWAY_TOKEN: 'x' }
    const { code, out, err } = await causeway(['doctor'], settings)
    expect(code).toBe(1)
    expect(out).toMatch(/^✓ program +Causeway .*$/m)
    expect(out).toMatch(/^✗ gateway +nothing answers at http:\/\/127\.0\.0\.1:\d+\n +→ causeway serve starts it/m)
    expect(err).toBe('1 thing to repair\n')
  })
})

describe('a database', () => {
  let postgres: TestServer | undefined
  beforeAll(async () => {
    postgres = await startPostgres15({ max_connections: '40' }).catch(() => undefined)
  })
  afterAll(async () => await postgres?.[Symbol.asyncDispose]())

  test('that is away', async () => {
    const DATABASE_URL = `postgresql://ann:hunter2@127.0.0.1:${await freePort()}/x`
    const { code, findings } = await doctor({ DATABASE_URL })
    expect(code).toBe(1)
    expect(only(findings, 'database')).toMatchObject({
      level: 'problem',
      message: expect.stringContaining('ECONNREFUSED') as string,
    })
    expect(JSON.stringify(findings)).not.toContain('hunter2')
  })

  test('directly', async (context) => {
    needs(context, 'postgres15')
    const { code, findings } = await doctor({ DATABASE_URL: postgres?.url ?? '' })
    expect(code).toBe(0)
    const said = Object.fromEntries(findings.map(({ check, message }) => [check, message]))
    expect(said['database']).toMatch(/^PostgreSQL 15\.\d+ .* answers at 127\.0\.0\.1:\d+\/postgres$/)
    expect(said['schema']).toContain('empty; the next start brings it up to date')
    expect(said['connections']).toContain('up to 12 connections of 37')
    expect(said['pooler']).toMatch(/^none/)
    expect(said['LISTEN']).toBe('DATABASE_URL hears changes at once')
    expect(said['limits']).toContain('statement_timeout unlimited')
    const few = await doctor({ DATABASE_URL: postgres?.url ?? '', DATABASE_POOL_SIZE: '50' })
    expect(only(few.findings, 'connections')).toMatchObject({
      level: 'problem',
      advice: expect.stringContaining('below 36') as string,
    })
  })

  test('through a pooler, with and without the way around it', async (context) => {
    needs(context, 'postgres15', 'pgbouncer')
    await using pooler = await startPgBouncer(postgres?.url ?? '')
    const through = await doctor({ DATABASE_URL: pooler.url })
    expect(only(through.findings, 'pooler')).toMatchObject({ level: 'ok', message: 'a pooler in transaction mode' })
    expect(only(through.findings, 'LISTEN')).toMatchObject({
      level: 'warning',
      advice: expect.stringContaining('DATABASE_DIRECT_URL') as string,
    })
    const around = await doctor({ DATABASE_URL: pooler.url, DATABASE_DIRECT_URL: postgres?.url ?? '' })
    expect(around.code).toBe(0)
    expect(only(around.findings, 'LISTEN')).toMatchObject({ level: 'ok' })
  })
})

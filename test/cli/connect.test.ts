import { execFile } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse as parseJson } from 'jsonc-parser'
import { parse as parseToml } from 'smol-toml'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CLIENT_NAMES, CLIENTS, type ClientName, type Scope } from '../../src/clients/clients.ts'
import { STARTING_PEERS } from '../clients/peers.ts'
import { causeway, type CliRun } from '../support/cli.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'

const LAUNCHER = join(import.meta.dirname, '../../bin/causeway.js')

let gateway: RunningGateway
let home: string

beforeAll(async () => {
  gateway = await startGateway()
  home = mkdtempSync(join(tmpdir(), 'cw-home-'))
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  if (home) rmSync(home, { recursive: true, force: true })
})

const environment = () => ({ CAUSEWAY_URL: gateway.url, CAUSEWAY_TOKEN: gateway.token, HOME: home })
const run = (...args: readonly string[]): Promise<CliRun> => causeway(['connect', ...args], environment())
const fileOf = (client: ClientName, scope: Scope = 'user'): string =>
  CLIENTS[client].file(scope, { platform: process.platform, home, cwd: join(home, 'project'), env: {} }) ?? ''

interface Entry {
  readonly url?: string
  readonly httpUrl?: string
  readonly headers?: Record<string, string>
  readonly http_headers?: Record<string, string>
  readonly command?: string
  readonly args?: string[]
  readonly env?: Record<string, string>
}

/** What the client itself would read. */
function entriesOf(client: ClientName, scope: Scope = 'user'): Record<string, Entry> {
  const path = fileOf(client, scope)
  const text = readFileSync(path, 'utf8')
  const values = (path.endsWith('.toml') ? parseToml(text) : parseJson(text)) as Record<string, Record<string, Entry>>
  return values[CLIENTS[client].group] ?? {}
}

async function request(path: string, authorization: string, body?: object): Promise<Response> {
  return await fetch(gateway.url + path, {
    method: body ? 'POST' : 'GET',
    headers: { authorization, accept: 'application/json', ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
}

/** Uses an entry as its client would; the value of Authorization that it sends. */
async function use(entry: Entry): Promise<string> {
  if (entry.command !== undefined) {
    const { command, args = [], env = {} } = entry
    await using client = await (STARTING_PEERS['SDK v1'] as (typeof STARTING_PEERS)[string])({ command, args, env })
    expect(await client.listTools()).toEqual([])
    return `Bearer ${env['CAUSEWAY_TOKEN'] ?? ''}`
  }
  const authorization = (entry.headers ?? entry.http_headers ?? {})['Authorization'] ?? ''
  const url = entry.url ?? entry.httpUrl ?? ''
  const answer = await request(new URL(url).pathname, authorization, { jsonrpc: '2.0', id: 1, method: 'tools/list' })
  expect(await answer.json()).toMatchObject({ result: { tools: [] } })
  return authorization
}

describe.each(CLIENT_NAMES)('%s', (client) => {
  test('is written, reaches the gateway with a narrow token of its own, and is taken out again', async () => {
    const dry = await run(client, '--dry-run')
    expect(dry).toMatchObject({ code: 0, out: expect.stringContaining('Nothing has been changed.') as string })
    expect(() => statSync(fileOf(client))).toThrow()
    expect(await run(client)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^connected .*\n.*\nNext: /) as string,
    })
    expect(statSync(fileOf(client)).mode & 0o777).toBe(0o600)
    const authorization = await use(entriesOf(client)['causeway'] as Entry)
    expect(authorization).not.toContain(gateway.token)
    expect((await request('/v1/gateways', authorization)).status).toBe(403)
    const again = await run(client, '--json')
    expect(JSON.parse(again.out)).toMatchObject({
      file: fileOf(client),
      entry: 'causeway',
      backup: expect.any(String) as string,
    })
    const rotated = await use(entriesOf(client)['causeway'] as Entry)
    expect((await request('/v1/tools', authorization)).status).toBe(401)
    expect(await run(client, '--remove')).toMatchObject({ code: 0 })
    expect(entriesOf(client)).toEqual({})
    expect((await request('/v1/tools', rotated)).status).toBe(401)
    expect((await run(client, '--remove')).err).toContain('has no "causeway"')
    rmSync(fileOf(client))
  })
})

test.each(['vscode', 'codex'] as const)(
  'the rest of the file of %s stays as it is, and a broken one is left alone',
  async (client) => {
    const path = fileOf(client)
    const isToml = path.endsWith('.toml')
    const group = CLIENTS[client].group
    const old = isToml
      ? '# mine\nmodel = "m" # fast\n\n[mcp_servers.other]\ncommand = "x" # keep\n'
      : `{\n    // mine\n    "${group}": {\n        "other": {"command": "x"} // keep\n    },\n    "n": 12345678901234567890\n}\n`
    writeFileSync(path, old, { mode: 0o600 })
    expect(await run(client, '--name', 'gate')).toMatchObject({ code: 0 })
    expect(Object.keys(entriesOf(client))).toEqual(['other', 'gate'])
    await run(client, '--name', 'gate', '--remove')
    expect(readFileSync(path, 'utf8')).toBe(old)
    expect((await run(client, '--name', 'other')).err).toMatch(/already has "other", which is something else/)
    const broken = `${old}\n= }`
    writeFileSync(path, broken)
    const refused = await run(client)
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringMatching(/:\d+:\d+: .*\nNothing has been changed\./) as string,
    })
    expect(readFileSync(path, 'utf8')).toBe(broken)
    rmSync(path, { force: true })
  },
)

test('a virtual server, a link, and the list of clients', async () => {
  const { body } = await gateway.api('POST', '/v1/servers', { name: 'Docs 1' })
  const real = join(home, 'dotfiles.json')
  writeFileSync(real, '{}')
  mkdirSync(join(home, '.cursor'), { recursive: true })
  symlinkSync(real, fileOf('cursor'))
  expect(await run('cursor', '--server', 'Docs 1')).toMatchObject({ code: 0 })
  const { 'causeway-docs-1': entry } = entriesOf('cursor')
  expect(entry?.url).toBe(`${gateway.url}/servers/${body.id}/mcp`)
  const authorization = await use(entry as Entry)
  const elsewhere = await request('/mcp', authorization, { jsonrpc: '2.0', id: 1, method: 'tools/list' })
  expect(elsewhere.status).toBe(404)
  expect(readFileSync(real, 'utf8')).toContain('causeway-docs-1')
  const rows = JSON.parse((await run('--json')).out) as { client: string; found: boolean; entries: string[] }[]
  expect(rows.find((row) => row.client === 'cursor')).toMatchObject({ found: true, entries: ['causeway-docs-1'] })
  expect((await run()).out).toMatch(/^cursor +Cursor +yes +as causeway-docs-1/m)
  expect((await run('cursor', '--server', 'nothing')).err).toMatch(/there is no virtual server "nothing"/)
})

test('a project’s file names a variable and holds no token', async () => {
  const cwd = join(home, 'project')
  mkdirSync(cwd)
  const connect = promisify(execFile)
  for (const client of CLIENT_NAMES.filter((name) => name !== 'claude-desktop')) {
    const args = [LAUNCHER, 'connect', client, '--scope', 'project']
    await connect(process.execPath, args, { cwd, env: { PATH: process.env['PATH'], ...environment() } })
    const text = readFileSync(fileOf(client, 'project'), 'utf8')
    expect(text).toContain('CAUSEWAY_TOKEN')
    expect(text).not.toContain('cw_')
    expect(entriesOf(client, 'project')).toHaveProperty('causeway')
  }
  expect(readdirSync(cwd).toSorted()).toEqual(['.codex', '.cursor', '.gemini', '.mcp.json', '.vscode'])
  const none = await run('claude-desktop', '--scope', 'project')
  expect(none).toMatchObject({ code: 1, err: expect.stringContaining('has no configuration for a project') as string })
})

test('a gateway that does not answer leaves the file alone', async () => {
  const away = await causeway(['connect', 'gemini'], { ...environment(), CAUSEWAY_URL: 'http://127.0.0.1:9' })
  expect(away).toMatchObject({ code: 1, err: expect.stringContaining('http://127.0.0.1:9') as string })
  expect(() => statSync(fileOf('gemini'))).toThrow()
})

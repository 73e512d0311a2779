import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../support/child-server.ts'
import { causeway, type CliRun } from '../support/cli.ts'
import { startGateway, type GatewayEntity, type RunningGateway } from '../support/gateway.ts'
import { legacyServer, type RunningServer } from '../support/mcp-servers.ts'

let stack: AsyncDisposableStack
let gateway: RunningGateway
let upstream: RunningServer
let folder: string

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  folder = await mkdtemp(join(tmpdir(), 'causeway-declared-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  gateway = stack.use(await startGateway())
  upstream = stack.use(await legacyServer({ stateful: false }))
})
afterAll(() => stack?.disposeAsync())

const yaml = (extra = ''): string => `
gateways:
  main:
    url: ${upstream.url}
    description: the main one
    auth_token: \${UPSTREAM_TOKEN}
servers:
  dev:
    tools: [{ name: main-echo, as: say, description: says it }]
    prompts: ['main-*']
    resources: [test://readme]
tokens:
  ci: { server: dev, permissions: [tools.execute, servers.use], expires_in_days: 30 }
${extra}`

interface Given {
  readonly text?: string
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

async function apply({ text = yaml(), flags = [], env = {} }: Given = {}): Promise<CliRun> {
  const path = join(folder, 'causeway.yaml')
  await writeFile(path, text)
  const places = { CAUSEWAY_URL: gateway.url, CAUSEWAY_DATA_DIR: gateway.dataDir, UPSTREAM_TOKEN: 'first-s3cret' }
  return await causeway(['apply', path, ...flags], { ...places, ...env })
}

async function all(noun: string): Promise<readonly GatewayEntity[]> {
  const { body } = await gateway.api('GET', `/v1/${noun}?include_pagination=true&include_inactive=true`)
  return body[noun] as readonly GatewayEntity[]
}

const byName = async (noun: string, name: string): Promise<GatewayEntity> => {
  const found = (await all(noun)).find((one) => one.name === name)
  if (found === undefined) throw new Error(`there is no ${name} among ${noun}`)
  return found
}

/** What the tool of the declared server answers to this token. */
async function said(token: string): Promise<string> {
  const { id } = await byName('servers', 'dev')
  const answer = await fetch(`${gateway.url}/servers/${id}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"say","arguments":{}}}',
  })
  return await answer.text()
}

const tokenFile = (): string => join(gateway.dataDir, 'tokens', 'ci')

test('what would be done is shown and not done, and no secret with it', async () => {
  const { code, out } = await apply({ flags: ['--dry-run'] })
  expect(code).toBe(0)
  expect(out).toMatch(/^\+ gateway main\n {4}url: .*\n {4}description: "the main one"\n {4}auth_token: "\*{5}"$/m)
  expect(out).toMatch(/^\+ server dev$/m)
  expect(out).toMatch(/^\+ token ci$/m)
  expect(out).toMatch(/^3 to create, 0 to change, 0 to remove, 0 as declared$/m)
  expect(out).not.toContain('s3cret')
  expect(await all('gateways')).toEqual([])
  await expect(stat(tokenFile())).rejects.toThrow(/ENOENT/)
})

test('what looks like a key in a URL or among arguments is shown nowhere, also where tools say where they lie', async () => {
  const text = `
set: keyed
gateways:
  keyed: { url: '${upstream.url}?api_key=hush-url', auth_token: '\${UPSTREAM_TOKEN}' }
  run: { command: node, args: [x, '--token', hush-argument, 'https://x/?key=hush-inner'] }`
  const { out } = await apply({ text, flags: ['--dry-run'] })
  expect(out).toMatch(/\?api_key=\*{5}(?![^]*hush)/)
  await apply({ text: text.slice(0, text.indexOf('\n  run')) })
  const seen = JSON.stringify([await all('gateways'), await all('tools'), await gateway.api('GET', '/v1/export')])
  expect(seen).toContain('keyed-echo')
  expect(seen).not.toContain('hush')
  await apply({ text: 'set: keyed', flags: ['--prune'] })
})

test('it is done, a second time does nothing, and the token works where it may', async () => {
  const made = await apply()
  expect(made.code).toBe(0)
  expect(made.out).toContain(`the token ci is in ${tokenFile()}`)
  expect(made.out).toMatch(/^3 created, 0 changed, 0 removed, 0 as declared$/m)
  const before = await Promise.all(['gateways', 'servers'].map(all))
  expect((await apply()).out).toBe('0 created, 0 changed, 0 removed, 3 as declared\n')
  expect(await Promise.all(['gateways', 'servers'].map(all))).toEqual(before)
  expect((await stat(tokenFile())).mode & 0o777).toBe(0o600)
  expect(upstream.credentials).toEqual(new Set(['Bearer first-s3cret']))
  const server = await byName('servers', 'dev')
  expect(server['associatedTools']).toEqual(['say'])
  expect([server['associatedPrompts'], server['associatedResources']]).toMatchObject([{ length: 1 }, { length: 1 }])
  expect(await said((await readFile(tokenFile(), 'utf8')).trim())).toContain('hello')
})

test('what was changed by hand is shown as drift and put back', async () => {
  const { id } = await byName('gateways', 'main')
  await gateway.api('PUT', `/v1/gateways/${id}`, {
    description: 'by hand',
    tags: ['by-hand'],
    authToken: 'other-s3cret',
  })
  const server = await byName('servers', 'dev')
  await gateway.api('PUT', `/v1/servers/${server.id}`, { associatedPrompts: [], description: 'by hand' })
  const { out } = await apply({ flags: ['--dry-run'] })
  expect(out).toMatch(/^~ gateway main$/m)
  expect(out).toMatch(/^ {4}description: "by hand" → "the main one"$/m)
  expect(out).toMatch(/^ {4}credential: "\*{5}" → "\*{5}"$/m)
  expect(out).toMatch(/^~ server dev\n {4}description: "by hand" → none\n {4}prompts: \[\] → \["main-greet"\]$/m)
  expect(out).not.toContain('s3cret')
  upstream.credentials.clear()
  expect((await apply()).out).toMatch(/^0 created, 2 changed, 0 removed, 1 as declared$/m)
  expect(upstream.credentials).toContain('Bearer first-s3cret')
  expect((await apply()).out).toBe('0 created, 0 changed, 0 removed, 3 as declared\n')
})

test('a secret that was rotated is a change', async () => {
  const rotated = { env: { UPSTREAM_TOKEN: 'second-s3cret' } }
  expect((await apply(rotated)).out).toMatch(/^~ gateway main\n {4}credential: .*\n0 created, 1 changed/m)
  expect(upstream.credentials).toContain('Bearer second-s3cret')
  expect((await apply(rotated)).out).toMatch(/^0 created, 0 changed/m)
  await apply()
})

test('a token is narrowed, widened and given another value as declared', async () => {
  const { id } = (await all('tokens')).find(({ name }) => name === 'ci') ?? { id: '' }
  const wider = yaml().replace('[tools.execute, servers.use]', "['tools.*', prompts.read]")
  expect((await apply({ text: wider })).out).toMatch(/^~ token ci\n {4}permissions: \[.*\] → \[.*"prompts.read".*\]$/m)
  expect((await apply({ text: wider })).out).toMatch(/^0 created, 0 changed/m)
  expect((await all('tokens')).find(({ name }) => name === 'ci')?.id).toBe(id)
  const value = 'a-value-of-our-own-that-nobody-guesses-0123456789'
  const own = wider.replace('ci: {', "ci: { value: '${CI_TOKEN}',")
  const { out, code } = await apply({ text: own, env: { CI_TOKEN: value } })
  expect([code, out]).toEqual([0, expect.stringMatching(/^~ token ci\n {4}value: "\*{5}" → "\*{5}"$/m)])
  expect(out).not.toContain(value)
  expect(await said(value)).toContain('hello')
  // What was revoked stays so, whatever a file says.
  expect(await apply()).toMatchObject({ code: 1, out: expect.stringContaining('delete its file') as string })
  await rm(tokenFile())
  expect((await apply()).code).toBe(0)
})

test('only what was declared is pruned, and only when asked', async () => {
  await gateway.api('POST', '/v1/servers', { name: 'by hand' })
  const without = yaml().replace(/servers:[^]*?tokens:[^]*$/, '')
  const left = await apply({ text: without })
  expect(left.out).toMatch(/^ {2}server dev is no longer declared: --prune removes it$/m)
  expect(left.out).toMatch(/^0 created, 0 changed, 0 removed, 1 as declared$/m)
  const other = await apply({ text: `set: other\n${without}`, flags: ['--prune', '--dry-run'] })
  expect(other.out).toMatch(
    /^~ gateway main\n {4}declared_by: "causeway" → "other"\n0 to create, 1 to change, 0 to remove/m,
  )
  const pruned = await apply({ text: without, flags: ['--prune'] })
  expect(pruned.out).toMatch(/^- token ci\n- server dev\n0 created, 0 changed, 2 removed, 1 as declared$/m)
  expect((await all('servers')).map(({ name }) => name)).toEqual(['by hand'])
  expect((await apply({ text: without, flags: ['--prune'] })).out).toMatch(/^0 created, 0 changed, 0 removed/m)
  expect((await apply()).code).toBe(0)
})

test('what was made by hand is taken over, and put right', async () => {
  const text = `${yaml()}  other: {}\n`.replace('servers:', `servers:\n  By Hand: { description: declared }`)
  const { out } = await apply({ text, flags: ['--dry-run'] })
  expect(out).toMatch(
    /^~ server By Hand\n {4}declared_by: "by hand" → "causeway"\n {4}name: "by hand" → "By Hand"\n {4}description: none → "declared"$/m,
  )
})

test('a server that is started by a command, with a secret in its environment', async () => {
  const launcher = join(import.meta.dirname, '../../bin/causeway.js')
  const text = (sharing = ''): string => `
set: commands
gateways:
  own: { command: '${process.execPath}', args: ['${launcher}', example]${sharing}, env: { HIDDEN: '\${UPSTREAM_TOKEN}' } }
`
  const made = await apply({ text: text() })
  expect(made).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^ {4}env: "\*{5}"\n1 created, 0 changed/m) as string,
  })
  expect(await byName('gateways', 'own')).toMatchObject({ transport: 'STDIO', status: 'active' })
  expect((await apply({ text: text() })).out).toBe('0 created, 0 changed, 0 removed, 1 as declared\n')
  const other = await apply({ text: text(', sharing: per_call'), env: { UPSTREAM_TOKEN: 'second-s3cret' } })
  expect(other.out).toBe(
    '~ gateway own\n    sharing: "shared" → "per_call"\n    env: "*****" → "*****"\n0 created, 1 changed, 0 removed, 0 as declared\n',
  )
  const gone = await apply({ text: 'set: commands', flags: ['--prune'] })
  expect(gone.out).toBe('- gateway own\n0 created, 0 changed, 1 removed, 0 as declared\n')
})

test('what a gateway cannot become is refused with its name', async () => {
  const set = 'set: shapes\n'
  const { code, err } = await apply({ text: `${set}gateways: { own: { command: causeway, args: [example] } }` })
  expect([code, err.replace(/^applying .*\n/, '')]).toEqual([0, '']) // over a second, it says that it is at it
  const other = await apply({ text: `${set}gateways: { own: { url: ${upstream.url} } }` })
  expect(other.code).toBe(1)
  expect(other.err).toMatch(/^gateways\.own: url: /m)
  await apply({ text: set, flags: ['--prune'] })
})

test('an upstream that is down stays pending, and what selects from it waits', async () => {
  const port = await freePort()
  const text = yaml(`set: late`).replace('main:', `late: { url: 'http://127.0.0.1:${port}/mcp' }\n  main:`)
  const waiting = text
    .replace('main-echo', 'late-echo')
    .replace('dev:', 'waiting:')
    .replace(/tokens:[^]*$/, 'set: late')
  const { code, out } = await apply({ text: waiting })
  expect(code).toBe(0)
  expect(out).toMatch(/^\+ gateway late\n.*\n {4}does not answer yet \(/m)
  expect(out).toMatch(/waits for late-echo: not offered yet/)
  expect(await byName('gateways', 'late')).toMatchObject({ status: 'pending' })
  expect(
    (await apply({ text: waiting.replace(/ {2}late: .*\n/, '').replace('late-echo', 'main-echo'), flags: ['--prune'] }))
      .code,
  ).toBe(0)
})

describe('what is wrong is told, and nothing is done', () => {
  test('mistakes in the file: all of them, with their places, before anything is sent', async () => {
    const text = yaml(`gatways: {}`)
      .replace('description: the main one', 'descripton: x')
      .replace('main-echo, as: say', 'main-echo, as: "s a y"')
    const { code, out, err } = await apply({ text, env: { UPSTREAM_TOKEN: '' } })
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(
      /causeway\.yaml:5:5: gateways\.main: "descripton" is not known here: did you mean description\?/,
    )
    expect(err).toMatch(/causeway\.yaml:6:17: the environment variable UPSTREAM_TOKEN is not set/)
    expect(err).toMatch(/causeway\.yaml:9:\d+: servers\.dev\.tools\.0/)
    expect(err).toMatch(/causeway\.yaml:14:1: "gatways" is not known here: did you mean gateways\?/)
  })

  test.each([
    ['a tool that nobody offers', ['main-echo', 'main-ecko'], 'selects the tool "main-ecko", which nobody offers'],
    ['a token for no server', ['server: dev', 'server: nothing'], 'the virtual server "nothing", which does not exist'],
  ] as const)('%s', async (_, [right, wrong], said) => {
    const { code, err } = await apply({ text: yaml().replace(right, wrong).replace('the main one', 'changed') })
    expect([code, err]).toEqual([1, expect.stringContaining(said)])
    expect(await byName('gateways', 'main')).toMatchObject({ description: 'the main one' })
  })

  test('a file that is not there, or is no YAML', async () => {
    expect(await causeway(['apply', join(folder, 'nothing.yaml')])).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no such file') as string,
    })
    expect(await apply({ text: 'gateways: [' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('causeway.yaml:1:12') as string,
    })
  })

  test('an upstream that is no MCP server fails by itself; the others are done', async () => {
    const text = yaml('set: mixed').replace('main:', `odd: { url: '${gateway.url}/health' }\n  main:`)
    const { code, out, err } = await apply({ text })
    expect([code, err]).toEqual([1, expect.stringContaining('not everything could be done') as string])
    expect(out).toMatch(/^\+ gateway odd\n.*\n {4}failed: /m)
    expect((await all('gateways')).map(({ name }) => name)).not.toContain('odd')
    expect((await apply()).code).toBe(0)
  })
})

test('with --json a program gets the same', async () => {
  const { out } = await apply({ flags: ['--dry-run', '--json'] })
  expect(JSON.parse(out)).toMatchObject({
    set: 'causeway',
    dry_run: true,
    steps: [],
    unchanged: 3,
    failed: 0,
    left: [],
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { causeway, type CliRun } from '../support/cli.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { legacyServer, type RunningServer } from '../support/mcp-servers.ts'

const owned = new AsyncDisposableStack()
let gateway: RunningGateway
let upstream: RunningServer
let home: string

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'cw-from-'))
  owned.defer(() => rmSync(home, { recursive: true, force: true }))
  gateway = owned.use(await startGateway())
  upstream = owned.use(await legacyServer({ stateful: true }))
})
afterAll(async () => await owned.disposeAsync())

const run = (args: readonly string[], env: Record<string, string> = {}): Promise<CliRun> =>
  causeway(['add', ...args], { CAUSEWAY_URL: gateway.url, CAUSEWAY_TOKEN: gateway.token, HOME: home, ...env })
const names = async () =>
  ((await gateway.api('GET', '/v1/gateways')).body as unknown as { name: string }[]).map(({ name }) => name).toSorted()
const file = (name: string, text: string): string => {
  const path = join(home, name)
  writeFileSync(path, text)
  return path
}

test('what can be added is, the rest says why not, and no secret is shown', async () => {
  const path = file(
    'mcp.json',
    JSON.stringify({
      mcpServers: {
        web: { url: upstream.url, headers: { 'X-Api-Key': '${WEB_KEY}' } },
        run: {
          command: 'causeway',
          args: ['example', '--token', 'hush-argument'].slice(0, 1),
          env: { KEY: 'hush-env' },
        },
        open: { url: upstream.url, headers: { Authorization: '${input:open-token}' } },
        gone: { command: 'no-such-program', args: ['--api-key', 'hush-argument'] },
        off: { url: upstream.url, disabled: true },
        odd: { args: [] },
        causeway: { url: `${gateway.url}/mcp` },
      },
    }),
  )
  const dry = await run(['--from', path, '--dry-run'], { WEB_KEY: 'hush-header' })
  expect(dry.out).toMatch(/^web +to add +http.*\n(?:.*\n)*Nothing has been added\.\n$/m)
  expect(await names()).toEqual([])
  const done = await run(['--from', path, '--json'], { WEB_KEY: 'hush-header' })
  const { servers } = JSON.parse(done.out) as { servers: { name: string; state: string; note: string }[] }
  expect(done.code).toBe(1)
  expect(Object.fromEntries(servers.map(({ name, state }) => [name, state]))).toEqual({
    web: 'added',
    run: 'added',
    open: 'failed',
    gone: 'failed',
    off: 'skipped',
    odd: 'failed',
    causeway: 'skipped',
  })
  expect(servers.find(({ name }) => name === 'open')?.note).toContain('OPEN_TOKEN')
  expect(await names()).toEqual(['run', 'web'])
  for (const { out, err } of [dry, done]) expect(out + err).not.toContain('hush')
  const again = await run(['--from', path, '--only', 'web', '--only', 'run'])
  expect(again.code).toBe(0)
  for (const name of ['web', 'run']) expect(again.out).toMatch(new RegExp(`^${name} +skipped .*there already`, 'm'))
})

test('a broken file gives its place, and nothing is done; a client can be named instead of a file', async () => {
  const before = await names()
  expect(await run(['--from', file('broken.json', '{\n  "mcpServers": {\n    "a": {]\n')])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/broken\.json:3:\d+: the JSON cannot be read/) as string,
  })
  expect((await run(['--from', file('none.json', '{"theme": "dark"}')])).err).toContain('names no MCP servers')
  expect((await run(['--from', join(home, 'absent.json')])).err).toContain('there is no file')
  expect((await run(['--from', home])).err).toContain('it is a folder')
  expect((await run(['--from', file('one.toml', '[mcp_servers.a]\nurl = "u"\n'), '--only', 'b'])).err).toContain(
    'no server b in it: it has a',
  )
  for (const mistaken of [['name', '--from', 'x'], ['--only', 'x'], ['a', 'http://b', '--example'], []])
    expect(await run(mistaken)).toMatchObject({ code: 2, err: expect.stringContaining('error: ') as string })
  file('.claude.json', JSON.stringify({ mcpServers: { named: { url: upstream.url } } }))
  expect(await run(['--from', 'claude-code'])).toMatchObject({
    code: 0,
    err: expect.stringContaining('added named') as string,
  })
  expect(await names()).toEqual([...before, 'named'].toSorted())
})

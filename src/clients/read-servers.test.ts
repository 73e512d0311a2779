import { expect, test } from 'vitest'
import { readConfig } from './config-text.ts'
import { gatewayBody, gatewayName, isSameWay, shownWay } from './gateway-body.ts'
import { questionsOf, readServers, type FoundServer } from './read-servers.ts'

const READING = {
  env: { HOME: '/h', TOKEN: 't0', GH_TOKEN: 'g0', EMPTY: '' },
  inputs: new Map([['asked', 'answer']]),
  project: '/p/app',
  home: '/h',
  readText: (path: string): string => {
    if (path !== '/p/app/.env') throw new Error('no such file')
    return 'A=from file\nB="b"\n'
  },
}

const only = (entry: object, group = 'mcpServers'): FoundServer => {
  const [found] = readServers({ [group]: { it: entry } }, READING) ?? []
  return found as FoundServer
}

test.each([
  [
    'Claude Code',
    { type: 'http', url: 'https://x/${TOKEN}', headers: { A: 'Bearer ${TOKEN}' } },
    { kind: 'url', url: 'https://x/t0', sse: false, headers: { A: 'Bearer t0' } },
  ],
  [
    'a default',
    { url: 'https://${HOST:-example.com}/mcp' },
    { kind: 'url', url: 'https://example.com/mcp', sse: false, headers: {} },
  ],
  ['SSE', { type: 'sse', url: 'https://x/sse' }, { kind: 'url', url: 'https://x/sse', sse: true, headers: {} }],
  [
    'Gemini',
    { httpUrl: 'https://x/mcp', headers: { A: '$TOKEN' } },
    { kind: 'url', url: 'https://x/mcp', sse: false, headers: { A: 't0' } },
  ],
  [
    'Cursor',
    { command: 'npx', args: ['-y', '${userHome}/s'], env: { K: '${env:TOKEN}', N: 5 } },
    { kind: 'command', command: 'npx', args: ['-y', '/h/s'], env: { K: 't0', N: '5' }, cwd: null },
  ],
  [
    'VS Code',
    { command: 'a', cwd: '${workspaceFolder}/x', envFile: '${workspaceFolder}/.env', env: { B: '${input:asked}' } },
    { kind: 'command', command: 'a', args: [], env: { A: 'from file', B: 'answer' }, cwd: '/p/app/x' },
  ],
  [
    'an input from the environment',
    { url: 'u', headers: { A: '${input:gh-token}' } },
    { kind: 'url', url: 'u', sse: false, headers: { A: 'g0' } },
  ],
  [
    'a dollar in a text',
    { command: 'a', args: ['$TOKEN'] },
    { kind: 'command', command: 'a', args: ['$TOKEN'], env: {}, cwd: null },
  ],
])('%s', (_name, entry, way) => {
  expect(only(entry)).toMatchObject({ way, missing: [], problem: undefined, disabled: false })
})

test('Codex: TOML with tokens from the environment, variables that are passed on, and a switch', () => {
  const text = `
[mcp_servers.a]
url = "https://x/mcp"
bearer_token_env_var = "TOKEN"
http_headers = { X = "1" }
env_http_headers = { Y = "GH_TOKEN" }

[mcp_servers.b]
command = "b"
env_vars = [{ name = "TOKEN", source = "local" }, "ABSENT"]
enabled = false
`
  const found = readServers(readConfig(text, 'config.toml'), READING)
  expect(found?.[0]?.way).toMatchObject({ headers: { X: '1', Y: 'g0', Authorization: 'Bearer t0' } })
  expect(found?.[1]).toMatchObject({
    way: { env: { TOKEN: 't0' } },
    disabled: true,
    missing: [{ kind: 'variable', name: 'ABSENT' }],
  })
})

test.each([
  [{ url: '${ABSENT}' }, { missing: [{ kind: 'variable', name: 'ABSENT' }] }],
  [{ url: '${EMPTY}' }, { missing: [{ kind: 'variable', name: 'EMPTY' }] }],
  [{ command: '${input:x}' }, { missing: [{ kind: 'input', name: 'x' }] }],
  [{}, { problem: 'it has neither a url nor a command' }],
  [[], { problem: 'it must be an object' }],
  [{ url: 5 }, { problem: 'url must be a text' }],
  [{ command: 'a', args: 'b' }, { problem: 'args must be a list of texts' }],
  [{ command: 'a', env: { X: {} } }, { problem: 'env must be an object of texts' }],
  [{ command: 'a', envFile: '/none' }, { problem: 'its envFile /none cannot be read' }],
  [{ url: 'u', disabled: true }, { disabled: true }],
])('%j', (entry, expected) => {
  expect(only(entry)).toMatchObject(expected)
})

test('every place where clients keep servers', () => {
  const a = { url: 'u' }
  const names = (config: Record<string, unknown>) => readServers(config, READING)?.map(({ name }) => name)
  expect(names({ servers: { a } })).toEqual(['a'])
  expect(names({ mcp: { servers: { a } } })).toEqual(['a'])
  expect(
    names({ mcpServers: { a }, projects: { '/p/app': { mcpServers: { b: a } }, '/other': { mcpServers: { c: a } } } }),
  ).toEqual(['a', 'b'])
  expect(names({ mcpServers: {} })).toEqual([])
  expect(names({ theme: 'dark' })).toBeUndefined()
  expect(questionsOf({ inputs: [{ id: 'x', description: 'Key', password: true }, 5] })).toEqual(
    new Map([['x', { text: 'Key', secret: true }]]),
  )
})

test('what is sent, and what people see', () => {
  expect(gatewayBody('n', { kind: 'url', url: 'u', sse: true, headers: { A: 'b' } })).toEqual({
    name: 'n',
    url: 'u',
    transport: 'SSE',
    authType: 'authheaders',
    authHeaders: [{ key: 'A', value: 'b' }],
  })
  expect(gatewayBody('n', { kind: 'command', command: 'c', args: ['d'], env: { E: 'f' }, cwd: null })).toEqual({
    name: 'n',
    transport: 'STDIO',
    command: 'c',
    args: ['d'],
    env: { E: 'f' },
  })
  expect(['@scope/tool', 'ok name', '…', 'x'.repeat(300)].map((name) => gatewayName(name).slice(0, 12))).toEqual([
    'scope-tool',
    'ok name',
    'server',
    'xxxxxxxxxxxx',
  ])
  const args = ['-y', '--api-key', 'hush', '--token=hush', 'sk4Zp0a9XkQ2mL7vB1nR8tYc', 'plain']
  expect(shownWay({ kind: 'command', command: 'npx', args, env: { A: 'hush' }, cwd: null })).toBe(
    'npx -y --api-key ***** --token=***** ***** plain',
  )
  expect(shownWay({ kind: 'url', url: 'https://u:hush@x/mcp?key=hush', sse: false, headers: {} })).toBe(
    'https://u:*****@x/mcp?key=*****',
  )
  const command = { kind: 'command', command: 'npx', args, env: {}, cwd: null } as const
  const shown = ['-y', '--api-key', '*****', '--token=*****', '*****', 'plain']
  expect(isSameWay({ url: null, command: 'npx', args: shown }, command)).toBe(true)
  expect(isSameWay({ url: null, command: 'npx', args: ['-y'] }, command)).toBe(false)
  const url = { kind: 'url', url: 'https://x?key=hush', sse: false, headers: {} } as const
  expect(isSameWay({ url: 'https://x/?key=*****' }, url)).toBe(true)
  expect(isSameWay({ url: 'https://y/?key=*****' }, url)).toBe(false)
})

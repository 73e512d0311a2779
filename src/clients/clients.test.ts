import { expect, test } from 'vitest'
import { CLIENT_NAMES, CLIENTS, type Surroundings } from './clients.ts'
import { hasOurToken, isOwnEntry } from './own-entry.ts'
import { textDiff } from './text-diff.ts'

const at = (platform: NodeJS.Platform, home: string, env: Surroundings['env'] = {}): Surroundings => ({
  platform,
  home,
  cwd: platform === 'win32' ? 'C:\\p' : '/p',
  env,
})
const files = (scope: 'user' | 'project', where: Surroundings) =>
  CLIENT_NAMES.map((name) => CLIENTS[name].file(scope, where))

test('each client’s file, by system', () => {
  expect(files('user', at('linux', '/h'))).toEqual([
    '/h/.claude.json',
    '/h/.config/Claude/claude_desktop_config.json',
    '/h/.config/Code/User/mcp.json',
    '/h/.cursor/mcp.json',
    '/h/.gemini/settings.json',
    '/h/.codex/config.toml',
  ])
  expect(files('user', at('darwin', '/Users/a')).slice(1, 3)).toEqual([
    '/Users/a/Library/Application Support/Claude/claude_desktop_config.json',
    '/Users/a/Library/Application Support/Code/User/mcp.json',
  ])
  expect(files('user', at('win32', 'C:\\Users\\a', { APPDATA: 'C:\\Users\\a\\AppData\\Roaming' }))).toEqual([
    'C:\\Users\\a\\.claude.json',
    'C:\\Users\\a\\AppData\\Roaming\\Claude\\claude_desktop_config.json',
    'C:\\Users\\a\\AppData\\Roaming\\Code\\User\\mcp.json',
    'C:\\Users\\a\\.cursor\\mcp.json',
    'C:\\Users\\a\\.gemini\\settings.json',
    'C:\\Users\\a\\.codex\\config.toml',
  ])
  expect(files('project', at('linux', '/h'))).toEqual([
    '/p/.mcp.json',
    null,
    '/p/.vscode/mcp.json',
    '/p/.cursor/mcp.json',
    '/p/.gemini/settings.json',
    '/p/.codex/config.toml',
  ])
  const moved = at('linux', '/h', { CODEX_HOME: '/c', CLAUDE_CONFIG_DIR: '/d', XDG_CONFIG_HOME: '/x' })
  expect(files('user', moved)).toEqual(
    expect.arrayContaining(['/c/config.toml', '/d/.claude.json', '/x/Code/User/mcp.json']),
  )
})

test.each([
  [{ url: 'http://localhost:4444/mcp' }, true],
  [{ httpUrl: 'http://127.0.0.1:4444/servers/abc/mcp' }, true],
  [{ url: 'http://127.0.0.1:5555/mcp' }, false],
  [{ url: 'http://127.0.0.1:4444/other' }, false],
  [{ command: 'node', args: ['/x/bin/causeway.js', 'bridge'], env: { CAUSEWAY_URL: 'http://127.0.0.1:4444' } }, true],
  [{ command: 'npx', args: ['causeway', 'bridge'] }, true],
  [{ command: 'npx', args: ['causeway', 'bridge', '--url', 'https://elsewhere'] }, false],
  [{ command: 'npx', args: ['other', 'bridge'] }, false],
  [null, false],
])('whether it is this gateway: %j', (entry, own) => {
  expect(isOwnEntry(entry, 'http://127.0.0.1:4444')).toBe(own)
})

test('an entry with one of our tokens is recognised wherever it leads', () => {
  expect(hasOurToken({ url: 'http://old/mcp', headers: { Authorization: 'Bearer cw_x' } })).toBe(true)
  expect(hasOurToken({ command: 'x', env: { CAUSEWAY_TOKEN: 'cw_x' } })).toBe(true)
  expect([{ headers: { Authorization: 'Bearer x' } }, {}, null].map(hasOurToken)).toEqual([false, false, false])
})

test('a difference shows what changes, a little around it, and no secrets', () => {
  const before = '{\n  "a": 1,\n  "API_KEY": "hush",\n  "b": 2\n}\n'
  const after = '{\n  "a": 1,\n  "API_KEY": "hush",\n  "Authorization": "Bearer hush",\n  "b": 2\n}\n'
  expect(textDiff(before, after).map(({ sign, text }) => sign + text)).toEqual([
    '   "a": 1,',
    '   "API_KEY": "•••",',
    '+  "Authorization": "Bearer •••",',
    '   "b": 2',
    ' }',
  ])
  expect(textDiff('', 'token = "hush"\n')).toEqual([{ sign: '+', text: 'token = "•••"' }])
  expect(textDiff(before, before)).toEqual([])
})

import { expect, test } from 'vitest'
import { editConfig, readConfig } from './config-text.ts'
import { FileFault } from './file-fault.ts'

const ENTRY = { type: 'http', url: 'http://127.0.0.1:4444/mcp' }
const add = (text: string, path = 'mcp.json'): string =>
  editConfig(text, path, { path: [path.endsWith('.toml') ? 'mcp_servers' : 'servers', 'causeway'], value: ENTRY })
const remove = (text: string, path = 'mcp.json'): string =>
  editConfig(text, path, { path: [path.endsWith('.toml') ? 'mcp_servers' : 'servers', 'causeway'], value: undefined })

const COMMENTED = `{
\t// mine
\t"servers": {
\t\t"gh": { "url": "https://x/mcp" }, // keep
\t},
\t/* end */
\t"inputs": []
}
`

test('a member is added in the layout of its file, and nothing else moves', () => {
  expect(add(COMMENTED)).toBe(
    COMMENTED.replace(
      '// keep\n',
      '// keep\n\t\t"causeway": {\n\t\t\t"type": "http",\n\t\t\t"url": "http://127.0.0.1:4444/mcp"\n\t\t},\n',
    ),
  )
})

test('what was added is taken out again without a trace', () => {
  expect(remove(add(COMMENTED))).toBe(COMMENTED)
})

test.each([
  ['nothing', ''],
  ['an empty object', '{}'],
  ['an empty group', '{\n  "servers": {}\n}\n'],
  ['one line', '{"servers": {"a": {"url": "u"}}, "n": 12345678901234567890}'],
  ['Windows line ends and a mark', '\uFEFF{\r\n  "servers": {\r\n    "a": {}\r\n  }\r\n}\r\n'],
  ['a comment without a comma', '{\n  "servers": {\n    "a": 1 // last\n  }\n}'],
  ['an older entry', '{\n  "servers": {\n    "causeway": { "url": "old" }, // ours\n    "b": 2\n  }\n}'],
])('JSON: %s', (_name, text) => {
  const added = add(text)
  const before = text === '' ? '{}' : text
  if (!text.includes('causeway') && text.includes('"a"')) expect(remove(added)).toBe(before)
  expect(readConfig(added, 'mcp.json')['servers']).toMatchObject({ causeway: ENTRY })
  expect(readConfig(remove(added), 'mcp.json')['servers']).not.toHaveProperty('causeway')
  for (const comment of text.match(/\/\/ \w+/g) ?? []) expect(added).toContain(comment)
  if (text.includes('\r\n')) expect(added.replaceAll('\r\n', '')).not.toContain('\n')
})

const TOML = `# mine
model = "gpt-5" # fast
big = 1_000

[mcp_servers.github]
url = "https://x/mcp"

# a trap
[profiles.x]
note = """
[mcp_servers.causeway]
"""
list = [
  [1],
]
`

test('TOML: tables are added and taken out; comments, numbers and what only looks like a table stay', () => {
  const added = add(TOML, 'config.toml')
  expect(added.startsWith(TOML.trimEnd())).toBe(true)
  expect(readConfig(added, 'config.toml')['mcp_servers']).toMatchObject({ causeway: ENTRY, github: {} })
  expect(remove(added, 'config.toml')).toBe(TOML)
  const nested = `[mcp_servers.causeway]\nurl = "old"\n\n[mcp_servers.causeway.env]\nA = "1"\n\n# next\n[other]\na = 1\n`
  expect(add(nested, 'config.toml')).toBe(
    '[mcp_servers.causeway]\ntype = "http"\nurl = "http://127.0.0.1:4444/mcp"\n\n# next\n[other]\na = 1\n',
  )
})

test.each([
  ['broken JSON', 'mcp.json', '{\n  "servers": {,}\n}', /mcp\.json:2:15: the JSON cannot be read/],
  ['no object', 'mcp.json', '[]', /mcp\.json:1:1: it must hold a JSON object/],
  ['a key twice', 'mcp.json', '{\n "servers": {},\n "servers": {}\n}', /mcp\.json:3:2: "servers" is there twice/],
  ['broken TOML', 'config.toml', 'a = 1\nb = = 2\n', /config\.toml:2:\d+: /],
  ['an inline table', 'config.toml', 'mcp_servers = { a = { url = "u" } }\n', /by hand/],
])('%s is refused with its place', (_name, path, text, message) => {
  expect(() => add(text, path)).toThrow(FileFault)
  expect(() => add(text, path)).toThrow(message)
})

test.each([
  ['mcp.json', '{"servers": 5}'],
  ['mcp.json', '{"servers": ["a"]}'],
  ['config.toml', 'mcp_servers = "a"'],
])('servers of %s that are no object are left alone: %s', (path, text) => {
  expect(() => add(text, path)).toThrow(/servers must be an object: mend it by hand$/)
})

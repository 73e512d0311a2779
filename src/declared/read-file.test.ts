import { describe, expect, test } from 'vitest'
import { faultLines } from '#/config/fault-lines.ts'
import { fillInFrom } from '#/config/fill-in.ts'
import { readYaml } from '#/lib/located-yaml.ts'
import { readDeclared } from './read-file.ts'

const ENV = { GITHUB_TOKEN: 's3cret', LONG: 'x'.repeat(40), SHORT: 'hunter2' }

function read(text: string) {
  const yaml = readYaml(text, fillInFrom(ENV, '/etc'))
  const { file, faults } = readDeclared(yaml, 'causeway')
  return { file, lines: faultLines('c.yaml', faults) }
}

describe('what is right', () => {
  test('names and lists, both casings, secrets filled in', () => {
    const { file, lines } = read(`
gateways:
  github: { url: https://mcp.example.com/mcp, auth_token: '\${GITHUB_TOKEN}', timeout_ms: 5000 }
servers:
  - name: dev
    tools: [github-search, { name: github-get, as: get }, 'github-list*']
tokens:
  ci: { server: dev, permissions: [tools.execute], expires_in_days: 7, value: '\${LONG}' }
  ops: { permissions: ['gateways.*'], expires_at: 2030-01-31 }
`)
    expect(lines).toEqual([])
    expect(file.set.gateways).toEqual([
      { name: 'github', url: 'https://mcp.example.com/mcp', authToken: 's3cret', timeoutMs: 5000 },
    ])
    expect(file.set.tokens).toMatchObject([
      { name: 'ci', expiresInDays: 7 },
      { name: 'ops', expiresAt: '2030-01-31' },
    ])
    expect(file.values).toEqual([
      { kind: 'text', text: ENV.LONG },
      { kind: 'file', path: null },
    ])
  })

  test.each(['', '# nothing', 'gateways:', 'settings: { port: 1 }'])('%j declares nothing', (text) => {
    const { file, lines } = read(text)
    expect([lines, file.set]).toEqual([[], { set: 'causeway', gateways: [], servers: [], tokens: [] }])
  })
})

describe('mistakes', () => {
  test('all are told at once, each at its place', () => {
    const { lines } = read(`gatways: {}
gateways:
  one: { ulr: http://a.example/mcp, timeout_ms: soon }
  two: { url: not a url }
  Two: { url: http://b.example/mcp }
servers:
  dev: { tools: everything }
tokens:
  a: { permissions: [tools.excute], value: hunter2 }
  b: { expires_at: tomorrow, expires_in_days: 3, value: '\${SHORT}' }
`)
    expect(lines.map((line) => line.split(': ')[0])).toEqual([
      'c.yaml:1:1',
      'c.yaml:3:10',
      'c.yaml:3:49',
      'c.yaml:4:15',
      'c.yaml:5:8',
      'c.yaml:7:17',
      'c.yaml:9:22',
      'c.yaml:9:44',
      'c.yaml:10:20',
      'c.yaml:10:47',
      'c.yaml:10:57',
    ])
    const text = lines.join('\n')
    expect(text).toContain('"gatways" is not known here: did you mean gateways?')
    expect(text).toContain('gateways.one: "ulr" is not known here: did you mean url?')
    expect(text).toContain('there is no permission "tools.excute": did you mean tools.execute?')
    expect(text).toContain('value: does not belong into this file')
    expect(text).not.toContain('hunter2')
  })

  test.each([
    ['a: [', 'c.yaml:1:'],
    ['gateways: { a: { url: ${NOWHERE} } }', 'between braces, ${…} needs quotes'],
    ['gateways: { a: { url: http://x/mcp }, a: { url: http://y/mcp } }', 'c.yaml:1:39: Map keys must be unique'],
    ['gateways: { a: { url: "${NOWHERE}" } }', 'c.yaml:1:23: the environment variable NOWHERE is not set'],
    ['gateways: { a: { url: "${GITHUB_TOKE}" } }', 'did you mean GITHUB_TOKEN?'],
    ['gateways: { a: { url: "${file:nothing}" } }', '/etc/nothing cannot be read: there is none'],
    ['gateways: { a: { url: http://a/mcp, one_time_auth: true } }', '"one_time_auth" is not known here'],
    ['- 1', 'the file must be a map of set, settings, gateways, servers, tokens'],
    ['tokens: { none: { permissions: [] } }', 'c.yaml:1:32: tokens.none.permissions: an empty list would make a token'],
    ['tokens: { none: { permissions: } }', 'c.yaml:1:32: tokens.none.permissions: must be array'],
    ['set: a b', 'set: must be 1 to 64 letters'],
    ['port: 4445', '"port" is a setting: put it under settings:, as port'],
    ['CAUSEWAY_LOG_LEVEL: debug', '"CAUSEWAY_LOG_LEVEL" is a setting: put it under settings:, as log_level'],
  ])('%s', (text, said) => {
    expect(read(text).lines.join('\n')).toContain(said)
  })
})

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startLegacyFixture, type Fixture } from '../fixtures/legacy-server.ts'
import { causeway, type CliRun } from '../support/cli.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { needs, pathOf } from '../support/needs.ts'
import { openTerminal, type PseudoTerminal, type TerminalSettings } from '../support/pseudo-terminal.ts'

let gateway: RunningGateway
let upstream: Fixture
const folder = mkdtempSync(join(tmpdir(), 'cw-operate-'))

beforeAll(async () => {
  ;[gateway, upstream] = await Promise.all([startGateway(), startLegacyFixture()])
  await gateway.register('fixture', upstream.url)
  symlinkSync(join(import.meta.dirname, '../../bin/causeway.js'), join(folder, 'causeway'))
})
afterAll(async () => {
  for (const one of [gateway, upstream]) await one?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

const env = () => ({ CAUSEWAY_URL: gateway.url, CAUSEWAY_DATA_DIR: gateway.dataDir })
const run = (args: readonly string[]): Promise<CliRun> => causeway(args, env())
const onTerminal = (args: readonly string[], settings: TerminalSettings = {}): PseudoTerminal =>
  openTerminal(args, { ...settings, env: { ...env(), ...settings.env } })

describe('virtual servers', () => {
  test('made, changed and shown by the names of what they offer', async () => {
    const made = await run([
      'server',
      'create',
      'desk',
      '--tool',
      'fixture-test-tool-*',
      '--prompt',
      'fixture-test-simple',
    ])
    expect(made).toMatchObject({ code: 0, err: '' })
    expect(made.out).toMatch(/^made desk\ndesk {2}ok\n/)
    expect(made.out).toContain(`${gateway.url}/servers/`)
    expect(made.out).toMatch(
      /^2 tools\n(?: {2}fixture-test-tool-with-(?:logging|progress)\n){2}0 resources\n1 prompt\n/m,
    )
    const more = await run(['server', 'add', 'des', 'fixture-test-simple-text', '--resource', 'test://static-text'])
    expect(more.out).toMatch(/^3 tools$/m)
    expect(more.out).toMatch(/^1 resource\n {2}test:\/\/static-text$/m)
    const less = await run(['server', 'remove', 'desk', 'fixture-test-tool-*', '--json'])
    expect(JSON.parse(less.out)).toMatchObject({ name: 'desk', associatedTools: ['fixture-test-simple-text'] })
    expect((await run(['server', 'update', 'desk', '--name', 'office'])).out).toMatch(/^office {2}ok\n/)
    expect((await run(['server', 'list'])).out).toMatch(/^office +ok +1 +1 +1 +[0-9a-f]{32}$/m)
  })

  test('what is switched off stays part of it', async () => {
    const { body: all } = await gateway.api('GET', '/v1/tools?limit=0')
    const tools = all as unknown as readonly { readonly id: string; readonly name: string }[]
    const tool = tools.find(({ name }) => name === 'fixture-test-simple-text')
    await gateway.api('POST', `/v1/tools/${tool?.id}/state?activate=false`)
    expect((await run(['server', 'add', 'office', 'fixture-test-error-handling'])).out).toMatch(/^1 tool$/m)
    const { out } = await run(['server', 'list', '--json'])
    const [{ id = '' } = {}] = JSON.parse(out) as readonly { readonly id?: string }[]
    const { body } = await gateway.api('GET', `/v1/servers/${id}/tools?include_inactive=true`)
    expect((body as unknown as readonly { readonly name: string }[]).map(({ name }) => name).toSorted()).toEqual([
      'fixture-test-error-handling',
      'fixture-test-simple-text',
    ])
    await gateway.api('POST', `/v1/tools/${tool?.id}/state?activate=true`)
  })

  test('resources are named by URI, and several as any part of one', async () => {
    const { out } = await run(['server', 'create', 'texts', '--resource', 'test://static*', '--json'])
    expect(JSON.parse(out)).toMatchObject({ associatedResources: [expect.any(String), expect.any(String)] })
    await run(['server', 'delete', 'texts', '--yes'])
  })

  test('nothing is said, nobody is there, nothing fits', async () => {
    expect(await run(['server', 'update', 'office'])).toMatchObject({ code: 1, out: '' })
    const unknown = await run(['server', 'create', 'x', '--tool', 'fixture-nothing', '--json'])
    expect(JSON.parse(unknown.err)).toMatchObject({ error: { code: 'not_found' } })
    expect((await run(['server', 'delete', 'office'])).err).toContain('say --yes')
    expect((await run(['server', 'delete', 'office', '--yes'])).out).toBe('deleted office\n')
    expect((await run(['server', 'list'])).err).toMatch(/^no virtual servers yet/)
  })
})

describe('on a terminal', () => {
  test('what cannot be undone is asked', async (context) => {
    needs(context, 'script')
    for (const [keys, code, said] of [
      ['n\n', 1, 'nothing is changed'],
      ['\u0004', 1, 'the input ended before an answer'],
      ['\u0003', 130, ''],
    ] as const) {
      await using terminal = onTerminal(['remove', 'fixture'])
      await terminal.sees(/^remove fixture and its \d+ tools\? \[y\/N\]/)
      terminal.type(keys)
      expect(await terminal.ended()).toBe(code)
      expect(terminal.text).toContain(said)
    }
    await using token = onTerminal(['token', 'create', 'brief'])
    expect(await token.ended()).toBe(0)
    await using terminal = onTerminal(['token', 'revoke', 'brief'])
    await terminal.sees('revoke the token brief?')
    terminal.type('y\n')
    expect(await terminal.ended()).toBe(0)
    expect(terminal.text).toContain('revoked brief')
  })

  test('what is live is redrawn, and ends with Ctrl-C', async (context) => {
    needs(context, 'script')
    await using terminal = onTerminal(['watch', 'db', '--interval', '0.2'])
    await terminal.sees(/(source +state +count[\s\S]*){3}/)
    expect(terminal.raw).toContain('\u001B[H\u001B[J')
    terminal.type('\u0003')
    expect(await terminal.ended()).toBe(130)
  })

  test.each([
    ['colour', { TERM: 'xterm' }, true],
    ['NO_COLOR', { NO_COLOR: '1' }, false],
    ['a dumb terminal', { TERM: 'dumb' }, false],
  ])('%s', async (_, settings, painted) => {
    await using terminal = onTerminal(['list'], { env: settings })
    expect(await terminal.ended()).toBe(0)
    expect(terminal.raw.includes('\u001B[')).toBe(painted)
    expect(terminal.text).toContain('fixture')
  })

  test('forty columns are enough for lists and pages', async (context) => {
    needs(context, 'script')
    for (const args of [['list'], ['show', 'fixture-json-schema'], ['tools'], ['token', 'list']]) {
      await using terminal = onTerminal(args, { columns: 40 })
      expect(await terminal.ended()).toBe(0)
      // What is to be copied is never cut.
      const copied = /^(Usage:|(?: {2})?fixture-)|https?:/
      const wide = terminal.text.split('\n').filter((line) => line.length > 40 && !copied.test(line))
      expect(wide, args.join(' ')).toEqual([])
    }
  })
})

describe('completion in a shell', () => {
  const shell = async (program: string, args: readonly string[]): Promise<string> => {
    const { PATH } = process.env
    const { stdout } = await promisify(execFile)(program, args, {
      env: { HOME: folder, ...env(), PATH: `${folder}:${PATH}` },
    })
    return stdout
  }
  /** The words that bash would offer at the end of this line. */
  const inBash = async (line: string): Promise<readonly string[]> => {
    const script = `eval "$(causeway completion bash)"; COMP_LINE=$1; COMP_POINT=\${#1}; _causeway; printf '%s\\n' "\${COMPREPLY[@]}"`
    return (await shell('bash', ['--norc', '-c', script, 'bash', line])).trim().split('\n')
  }

  test('bash', async () => {
    expect(await inBash('causeway ca')).toEqual(['call'])
    expect(await inBash('causeway call fixture-test-si')).toEqual(['fixture-test-simple-text'])
    expect(await inBash('causeway call fixture-json-schema-2020-12-tool --arg contactMethod=p')).toEqual(['phone'])
    expect(await inBash('causeway call fixture-test-elicitation --arg ')).toEqual(['message='])
  })

  test('a gateway that is away completes nothing, and soon', async () => {
    const { out, code } = await causeway(['complete', '--', 'call', ''], {
      ...env(),
      CAUSEWAY_URL: 'http://127.0.0.1:9',
    })
    expect({ out, code }).toEqual({ out: '', code: 0 })
  })

  test('zsh', async (context) => {
    needs(context, 'zsh')
    const define = `_describe() { print -l -- "\${(@P)3}" }; compdef() { : }; eval "$(causeway completion zsh)"`
    const ask = 'words=(causeway call fixture-test-si); CURRENT=3; _causeway'
    expect(await shell(pathOf('zsh'), ['-f', '-c', `${define}; ${ask}`])).toContain('fixture-test-simple-text:')
  })

  test('fish', async (context) => {
    needs(context, 'fish')
    const script = "causeway completion fish | source; complete -C 'causeway call fixture-test-si'"
    expect(await shell(pathOf('fish'), ['--no-config', '-c', script])).toMatch(/^fixture-test-simple-text\t/)
  })
})

test('doctor is content with a gateway that runs', async () => {
  const { out, code } = await run(['doctor', '--json'])
  const { findings, ...rest } = JSON.parse(out) as { readonly findings: readonly { readonly check: string }[] }
  expect({ code, ...rest }).toMatchObject({ code: 0, healthy: true, problems: 0 })
  expect(findings.map(({ check }) => check)).toEqual(
    expect.arrayContaining(['data folder', 'lock', 'database', 'schema', 'clock', 'gateway', 'workers', 'servers']),
  )
  expect((await run(['doctor'])).out).toMatch(/^✓ gateway +ready at http/m)
})

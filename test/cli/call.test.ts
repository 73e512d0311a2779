import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PNG } from '../fixtures/content.ts'
import { startExactServer, type ExactServer } from '../fixtures/exact-server.ts'
import { startLegacyFixture, type Fixture } from '../fixtures/legacy-server.ts'
import { startSlowServer, type SlowServer } from '../fixtures/slow-server.ts'
import { causeway, type CliRun } from '../support/cli.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { needs } from '../support/needs.ts'
import { openTerminal, type PseudoTerminal, type TerminalSettings } from '../support/pseudo-terminal.ts'

let gateway: RunningGateway
let upstream: Fixture
let exact: ExactServer
let slow: SlowServer
const folder = mkdtempSync(join(tmpdir(), 'cw-call-'))

/** Twice a number that no double holds. */
const BIG = '90071992547409931'
const SCHEMA = {
  type: 'object',
  properties: {
    n: { type: 'integer', description: 'how many' },
    kind: { enum: ['plain', 'fancy'] },
    where: { type: 'string', 'x-mcp-header': 'Where' },
    note: { type: 'string', default: 'none' },
  },
  required: ['n', 'kind'],
}

beforeAll(async () => {
  const tools = JSON.stringify({ tools: [{ name: 'give', inputSchema: SCHEMA }] })
  const result = `{"content":[{"type":"text","text":"{\\"n\\":1}"}],"structuredContent":{"n":1},"_meta":{"big":${BIG}}}`
  const replies = new Map([
    ['tools/list', { result: tools }],
    ['tools/call give', { result }],
  ])
  ;[gateway, upstream, exact, slow] = await Promise.all([
    startGateway(),
    startLegacyFixture(),
    startExactServer('modern', replies),
    startSlowServer(),
  ])
  await gateway.register('fixture', upstream.url)
  await gateway.register('exact', exact.url)
  await gateway.register('slow', slow.at('legacy'))
})
afterAll(async () => {
  for (const one of [gateway, upstream, exact, slow]) await one?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

const env = () => ({ CAUSEWAY_URL: gateway.url, CAUSEWAY_DATA_DIR: gateway.dataDir })
const run = (args: readonly string[], input = ''): Promise<CliRun> => causeway(['call', ...args], env(), input)
const onTerminal = (args: readonly string[], settings: TerminalSettings = {}): PseudoTerminal =>
  openTerminal(args, { ...settings, env: { ...env(), ...settings.env } })

const lastSent = (): string => exact.received.get('tools/call give')?.at(-1)?.toString() ?? ''

describe('arguments', () => {
  test('what was written arrives digit by digit; the result is printed so too', async () => {
    const { code, out } = await run(['exact-give', '--arg', `n=${BIG}`, '--arg', 'kind=plain', '--json'])
    expect(code).toBe(0)
    expect(lastSent()).toContain(`"arguments":{"n":${BIG},"kind":"plain"}`)
    expect(out).toContain(`"big": ${BIG}`)
  })

  test('from a file or standard input; --arg adds to it', async () => {
    const file = join(folder, 'arguments.json')
    writeFileSync(file, `{"n": ${BIG}, "kind": "plain"}`)
    expect((await run(['exact-give', '--args', `@${file}`, '--arg', 'kind=fancy'])).code).toBe(0)
    expect(lastSent()).toContain(`{"n":${BIG},"kind":"fancy"}`)
    expect((await run(['exact-give', '--args', '-'], '{"n": 2, "kind": "plain"}')).code).toBe(0)
    expect(lastSent()).toContain('{"n":2,"kind":"plain"}')
    const gone = await run(['exact-give', '--args', `@${file}.gone`])
    expect([gone.code, gone.err]).toEqual([1, expect.stringContaining('cannot be read')])
  })

  test('one that its server wants in a header is called too', async () => {
    const args = ['exact-give', '--arg', 'n=1', '--arg', 'kind=plain', '--arg', 'where=Zürich']
    expect(await run(args)).toMatchObject({ code: 0 })
    expect(lastSent()).toContain('"where":"Zürich"')
  })

  test('what is missing is listed with a line to copy, and as JSON', async () => {
    const said = await run(['exact-give', '--arg', 'n=1'])
    expect(said).toEqual({
      code: 1,
      out: '',
      err: 'exact-give needs kind:\n  causeway call exact-give --arg n=1 --arg kind=plain\n',
    })
    const { err } = await run(['exact-give', '--json'])
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'missing_argument', missing: ['n', 'kind'] } })
  })

  test('without a terminal nobody is asked', async () => {
    const { code, err } = await run(['exact-give', '-i'])
    expect(code).toBe(1)
    expect(err).toContain('there is no terminal to ask on')
  })
})

describe('results', () => {
  test('structured content is shown once', async () => {
    expect((await run(['exact-give', '--arg', 'n=1', '--arg', 'kind=plain'])).out).toBe('{\n  "n": 1\n}\n')
  })

  test('pictures and resources are summed up, or saved and never over a file', async () => {
    const plain = await run(['fixture-test-multiple-content-types'])
    expect(plain.out).toMatch(/^Multiple content types test:\n\[image, image\/png, 70 bytes; --output DIR saves it\]\n/)
    const output = join(folder, 'pictures')
    for (let twice = 0; twice < 2; twice++)
      expect((await run(['fixture-test-multiple-content-types', '--output', output])).code).toBe(0)
    expect(readdirSync(output).toSorted()).toEqual([
      'image-2-2.png',
      'image-2.png',
      'mixed-content-resource-2.json',
      'mixed-content-resource.json',
    ])
    expect(readFileSync(join(output, 'image-2.png'))).toEqual(Buffer.from(PNG, 'base64'))
    const nowhere = await run(['fixture-test-image-content', '--output', join(folder, 'no', 'such', 'place')])
    expect([nowhere.code, nowhere.err]).toEqual([1, expect.stringContaining('cannot be made')])
  })

  test('an error of the tool is printed and fails', async () => {
    const { code, out, err } = await run(['fixture-test-error-handling'])
    expect({ code, out }).toEqual({ code: 1, out: 'This tool intentionally returns an error for testing\n' })
    expect(err).toMatch(/^fixture-test-error-handling reports an error; causeway show/)
  })

  test('what the server logs is shown on request', async () => {
    const { out, err } = await run(['fixture-test-tool-with-logging', '--verbose'])
    expect(out).toBe('Logged three times\n')
    expect(err).toContain('info: Tool execution started\n')
  })
})

describe('names', () => {
  test('a beginning is enough where only one begins so', async () => {
    expect((await run(['fixture-test-simp'])).out).toBe('This is a simple text response for testing.\n')
    const { code, err } = await run(['fixture-test-e', '--json'])
    expect(code).toBe(1)
    expect(JSON.parse(err)).toMatchObject({
      error: {
        code: 'ambiguous_name',
        candidates: expect.arrayContaining(['fixture-test-error-handling']) as string[],
      },
    })
  })
})

describe('on a terminal', () => {
  test('what is needed is asked for, until it is right', async (context) => {
    needs(context, 'script')
    await using terminal = onTerminal(['call', 'exact-give', '--arg', 'kind=plain'])
    await terminal.sees('n (integer)  how many')
    terminal.type('many\n')
    await terminal.sees('n must be integer, not "many"')
    terminal.type('5\n')
    expect(await terminal.ended()).toBe(0)
    expect(lastSent()).toContain('"arguments":{"kind":"plain","n":5}')
  })

  test('asked for everything, with choices by number and defaults', async (context) => {
    needs(context, 'script')
    await using terminal = onTerminal(['call', 'exact-give', '-i'])
    await terminal.sees('n:')
    terminal.type('7\n')
    await terminal.sees('2) fancy')
    terminal.type('2\n')
    await terminal.sees('where:')
    terminal.type('\n')
    await terminal.sees('note [none]:')
    terminal.type('\n')
    expect(await terminal.ended()).toBe(0)
    expect(lastSent()).toContain('"arguments":{"n":7,"kind":"fancy","note":"none"}')
  })

  test('Ctrl-C cancels the call at its server and ends with 130', async (context) => {
    needs(context, 'script')
    await using terminal = onTerminal(['call', 'slow-slow', '--arg', 'ms=60000'])
    await terminal.sees('calling slow-slow')
    await expect.poll(() => slow.counters.requests['tools/call'] ?? 0).toBeGreaterThan(0)
    terminal.type('\u0003')
    expect(await terminal.ended()).toBe(130)
    await expect.poll(() => slow.counters.requests['notifications/cancelled'] ?? 0, { timeout: 5000 }).toBe(1)
  })

  test('a question is left with Ctrl-C, or with the end of the input', async (context) => {
    needs(context, 'script')
    for (const [keys, code] of [
      ['\u0003', 130],
      ['\u0004', 1],
    ] as const) {
      await using terminal = onTerminal(['call', 'exact-give'])
      await terminal.sees('n:')
      terminal.type(keys)
      expect(await terminal.ended()).toBe(code)
    }
  })
})

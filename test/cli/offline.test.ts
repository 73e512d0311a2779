import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { causeway } from '../support/cli.ts'
import { freePort } from '../support/child-server.ts'

const empty = mkdtempSync(join(tmpdir(), 'cw-cli-'))
afterAll(() => rmSync(empty, { recursive: true }))
const nowhere = { CAUSEWAY_DATA_DIR: empty }

describe('what is not understood ends with 2 and says what would be', () => {
  test.each([
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['call'], "missing required argument 'tool'"],
    [['list', '--frob'], "unknown option '--frob'"],
    [['token', 'create', 'x', '--days', '0'], 'a number of days'],
    [['watch', 'db', '--interval', '0'], '0.1 to 3600 seconds'],
    [['token', 'create'], '(causeway token create --help shows what it takes)'],
  ])('%j', async (args, said) => {
    const { code, out, err } = await causeway(args, nowhere)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(said)
  })

  test('settings that are wrong, all at once', async () => {
    const env = { PORT: 'x', CAUSEWAY_WORKERS: 'y', HOST: '0.0.0.0', CAUSEWAY_PUBLIC_URI: 'z' }
    const { code, err } = await causeway(['serve'], env)
    expect(code).toBe(2)
    expect(err).toMatch(
      /PORT is "x".*\n.*CAUSEWAY_WORKERS is "y".*\n.*CAUSEWAY_PUBLIC_URL must be set.*\n.*did you mean CAUSEWAY_PUBLIC_URL\?/,
    )
  })
})

describe('what cannot be done ends with 1 and one line that says what to do', () => {
  test('no token', async () => {
    const { code, err } = await causeway(['list'], nowhere)
    expect(code).toBe(1)
    expect(err).toMatch(
      /^no API token: it would be in .*admin-token, but there is none\. Start the gateway.*CAUSEWAY_TOKEN\n$/,
    )
  })

  test('no gateway', async () => {
    const CAUSEWAY_URL = `http://127.0.0.1:${await freePort()}`
    const { code, err } = await causeway(['list'], { CAUSEWAY_URL, CAUSEWAY_TOKEN: 'x' })
    expect({ code, err }).toEqual({
      code: 1,
      err: `nothing answers at ${CAUSEWAY_URL}: start the gateway (causeway serve), or say where it is with CAUSEWAY_URL\n`,
    })
  })

  test('credentials in a URL', async () => {
    const { code, err } = await causeway(['add', 'x', 'http://ann:hunter2@127.0.0.1/mcp'], nowhere)
    expect(code).toBe(1)
    expect(err).toMatch(/^credentials do not belong into the URL: .*--basic/)
    expect(err).not.toContain('hunter2')
  })

  test.each([500, 200])('something that is no gateway and answers %i', async (status) => {
    const server: Server = createServer((_, response) => response.writeHead(status).end('<html>'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const CAUSEWAY_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { code, err } = await causeway(['list'], { CAUSEWAY_URL, CAUSEWAY_TOKEN: 'x' })
    server.close()
    expect(code).toBe(1)
    expect(err).toMatch(/ answered( 500)? without JSON: is it a Causeway gateway\?/)
  })

  test('a URL that is none', async () => {
    const { code, err } = await causeway(['list'], { CAUSEWAY_URL: 'localhost:4444', CAUSEWAY_TOKEN: 'x' })
    expect(code).toBe(1)
    expect(err).toContain('CAUSEWAY_URL is "localhost:4444" but must be an http or https URL')
  })

  test('the token of this machine is never sent to another', async () => {
    writeFileSync(join(empty, 'admin-token'), 'secret')
    const { code, err } = await causeway(['list'], { ...nowhere, CAUSEWAY_URL: 'https://mcp.example.com' })
    expect(code).toBe(1)
    expect(err).toContain('set CAUSEWAY_TOKEN')
  })
})

describe('causeway config', () => {
  test('prints every setting with its source and no password', async () => {
    const env = { DATABASE_URL: 'postgres://ann:hunter2@db/x', CAUSEWAY_WORKER: '2' }
    const { code, out, err } = await causeway(['config'], env)
    expect(code).toBe(0)
    expect(out).toMatch(/^DATABASE_URL +postgres:\/\/ann:\*{5}@db\/x +environment/m)
    expect(out).toMatch(/^PORT +4444 +default/m)
    expect(out + err).not.toContain('hunter2')
    expect(err).toContain('did you mean CAUSEWAY_WORKERS?')
  })

  test('--json', async () => {
    const { out } = await causeway(['config', '--json'], { PORT: '5000' })
    const { settings } = JSON.parse(out) as { settings: { name: string; value: string; source: string }[] }
    expect(settings.find(({ name }) => name === 'PORT')).toMatchObject({ value: '5000', source: 'environment' })
  })
})

test('causeway version', async () => {
  expect((await causeway(['version'])).out).toMatch(/^causeway \d+\.\d+\.\d+ on Node \d+\./)
  expect(await causeway(['--version'])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
  })
})

test('a reader that has seen enough is no failure; a full disk is', async () => {
  const shell = (line: string) => promisify(execFile)('bash', ['-c', line], { env: { ...process.env, PORT: '5000' } })
  const run = `"${process.execPath}" bin/causeway.js config`
  const { stdout, stderr } = await shell(`{ ${run}; echo "code $?" >&2; } | head -1`)
  expect(stdout).toMatch(/^SETTING .*\n$/)
  expect(stderr).toBe('code 0\n')
  const full = await shell(`${run} > /dev/full; echo "code $?"`)
  expect(full.stdout).toBe('code 1\n')
  expect(full.stderr).toMatch(/^causeway: the output could not be written \(ENOSPC.*\)\n$/)
})

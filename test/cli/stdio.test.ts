import { afterAll, beforeAll, expect, test } from 'vitest'
import { causeway, type CliRun } from '../support/cli.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { FIXTURE } from '../support/stdio-host.ts'

let gateway: RunningGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(async () => await gateway?.[Symbol.asyncDispose]())

const run = (...args: readonly string[]): Promise<CliRun> =>
  causeway(args, { CAUSEWAY_URL: gateway.url, CAUSEWAY_DATA_DIR: gateway.dataDir })

test('a command is added, called, and its log read', async () => {
  const added = await run('add', 'mine', '--env', 'KEY=sekret-value', '--', process.execPath, FIXTURE, '--junk-first')
  expect([added.code, added.out]).toEqual([0, expect.stringMatching(/^added mine/)])
  expect((await run('call', 'mine-echo', '--arg', 'text=hello')).out).toContain('hello')
  const log = await run('logs', 'mine')
  expect([log.code, log.out]).toEqual([0, expect.stringContaining('stdout: Welcome to the server!')])
  const last = await run('logs', 'mine', '--tail', '1', '--json')
  expect(JSON.parse(last.out)).toMatchObject([{ stream: 'stdout', text: '{broken' }])
  expect(JSON.parse((await run('show', 'mine', '--json')).out)).toMatchObject({
    command: process.execPath,
    args: [FIXTURE, '--junk-first'],
    env: { KEY: '*****' },
  })
})

test('one that ends at once is told with its last words, and where to read more', async () => {
  const added = await run('add', 'ends', '--', process.execPath, FIXTURE, '--exit')
  expect([added.code, added.out]).toEqual([0, expect.stringContaining('no configuration found')])
  expect(added.out).toContain('causeway logs "ends"')
})

test.each([
  ['a program that does not exist', ['add', 'x', '--', 'no-such-program'], 1, 'was not found on the PATH'],
  ['a command without --', ['add', 'x', 'node', 'server.js'], 2, 'causeway add x -- node server.js'],
  ['a variable without a value', ['add', 'x', '--env', 'KEY', '--', 'node'], 1, '--env must be NAME=VALUE'],
  ['an environment for a URL', ['add', 'x', 'http://127.0.0.1:1/', '--env', 'A=b'], 1, 'causeway add NAME -- COMMAND'],
  ['a log of nobody', ['logs', 'nobody'], 1, 'there is no server "nobody"'],
  ['too many lines', ['logs', 'mine', '--tail', '5000'], 2, '0 to 1000 lines'],
])('%s is explained', async (_name, args, code, why) => {
  const refused = await run(...args)
  expect([refused.code, refused.err]).toEqual([code, expect.stringContaining(why)])
})

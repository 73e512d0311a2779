import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { causeway, type CliRun } from '../support/cli.ts'
import { freePort } from '../support/child-server.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { legacyServer, type RunningServer } from '../support/mcp-servers.ts'

let gateway: RunningGateway
let upstream: RunningServer

beforeAll(async () => {
  gateway = await startGateway()
  upstream = await legacyServer({ stateful: true })
})
afterAll(async () => {
  await upstream?.[Symbol.asyncDispose]()
  await gateway?.[Symbol.asyncDispose]()
})

const run = (args: readonly string[], input = ''): Promise<CliRun> =>
  causeway(args, { CAUSEWAY_URL: gateway.url, CAUSEWAY_DATA_DIR: gateway.dataDir }, input)
const json = async (args: readonly string[]): Promise<unknown> => JSON.parse((await run([...args, '--json'])).out)

test('a first start prints the URLs, the token once, and what to do next', async () => {
  const output = await gateway.output()
  expect(output).toContain(`Causeway answers at      ${gateway.url}\n`)
  expect(output).not.toContain('worker.ready')
  expect(output).toContain(`${gateway.url}/mcp`)
  expect(output.split(gateway.token).length - 1).toBe(1)
  expect(output).toContain('npx causeway add NAME URL')
})

test('a server is added and what it offers is listed', async () => {
  const added = await run(['add', 'first', upstream.url])
  expect(added.code).toBe(0)
  expect(added.out).toMatch(/^added first/)
  expect(added.out).toMatch(/1 tool\n {2}first-echo\n1 resource\n {2}test:\/\/readme\n1 prompt\n {2}first-greet\n/)
  expect((await run(['list'])).out).toMatch(/^first +ok +legacy +1 +1 +1 +http/m)
  const again = await run(['add', 'first', upstream.url])
  expect([again.code, again.err]).toEqual([1, expect.stringMatching(/409 conflict\]: .*causeway remove first/)])
  expect((await run(['show', 'first'])).out).toContain('first-echo')
  expect((await run(['refresh', 'fir'])).out).toMatch(/^tools +0 added/m)
})

test('its tool is listed, shown and called; switched off it says so; it is taken out again', async () => {
  expect((await run(['tools', '--server', 'first'])).out).toMatch(/^first-echo +says hello/m)
  expect((await run(['show', 'first-echo'])).out).toMatch(/^first-echo\nsays hello\n\nIt takes no arguments/)
  expect(await run(['call', 'first-echo'])).toEqual({ code: 0, out: 'hello\n', err: '' })
  expect((await run(['disable', 'first'])).out).toBe('disabled first\n')
  const off = await run(['call', 'first-echo'])
  expect(off.err).toContain('first is switched off, and its tools with it: causeway enable first\n')
  expect((await run(['enable', 'first'])).out).toBe('enabled first\n')
  const unsaid = await run(['remove', 'first', '--json'])
  expect(unsaid.code).toBe(1)
  expect(JSON.parse(unsaid.err)).toMatchObject({ error: { code: 'confirmation_needed' } })
  expect((await run(['remove', 'first', '--yes'])).out).toBe('removed first\n')
  expect(await json(['list'])).toEqual([])
})

describe('what goes wrong', () => {
  test('a server that does not answer yet is kept, and the command says so', async () => {
    const { code, out } = await run(['add', 'late', `http://127.0.0.1:${await freePort()}/mcp`])
    expect(code).toBe(0)
    expect(out).toMatch(/^late is registered, but does not answer yet: .+\nIt is tried again by itself/)
    expect((await run(['list'])).out).toMatch(/^late +pending/m)
    await run(['remove', 'late', '--yes'])
  })

  test('a URL that is no MCP server is refused with the reason, and nothing is stored', async () => {
    const { code, out, err } = await run(['add', 'odd', `${gateway.url}/health`])
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('422')
    expect(await json(['list'])).toEqual([])
  })

  test('an unknown tool or server', async () => {
    expect(await run(['call', 'nothing'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no tool "nothing"') as string,
    })
    await run(['add', 'first', upstream.url])
    expect((await run(['show', 'fist'])).err).toMatch(/^there is no server, tool.* "fist": did you mean first\?\n$/)
    expect((await run(['refresh', 'fist'])).err).toBe('there is no server "fist": did you mean first?\n')
    expect((await run(['call', 'first-ecko'])).err).toBe('there is no tool "first-ecko": did you mean first-echo?\n')
    await run(['remove', 'first', '--yes'])
    expect(await run(['show', 'nothing'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no server') as string,
    })
  })

  test('a token that is not accepted', async () => {
    const { code, err } = await causeway(['list'], { CAUSEWAY_URL: gateway.url, CAUSEWAY_TOKEN: 'nonsense' })
    expect(code).toBe(1)
    expect(err).toContain('does not accept the token')
  })
})

test('a token is made, shown, used, and revoked everywhere within a second', async () => {
  const made = await run(['token', 'create', 'laptop', '--days', '7'])
  expect(made.code).toBe(0)
  const CAUSEWAY_TOKEN = made.out.trim()
  const asked = await causeway(['list', '--json'], { CAUSEWAY_URL: gateway.url, CAUSEWAY_TOKEN })
  expect(asked.code).toBe(0)
  const asLaptop = async () => {
    const { status } = await fetch(`${gateway.url}/v1/tools`, {
      headers: { authorization: `Bearer ${CAUSEWAY_TOKEN}` },
    })
    return status
  }
  expect((await run(['token', 'list'])).out).toMatch(/ laptop .*live$/m)
  expect((await run(['token', 'revoke', 'laptop'])).out).toBe('revoked laptop\n')
  await expect.poll(asLaptop, { timeout: 1000 }).toBe(401)
  expect((await run(['token', 'list'])).out).not.toContain('laptop')
  expect((await run(['token', 'list', '--all'])).out).toMatch(/ laptop .*revoked$/m)
})

test('causeway watch calls shows what was called, and by whom it was served', async () => {
  await run(['add', 'seen', upstream.url])
  expect((await run(['call', 'seen-echo'])).code).toBe(0)
  // Records reach the database a moment after the call.
  const watched = async () => (await run(['watch', 'calls', '--once', '--window', '300'])).out
  await expect.poll(watched, { timeout: 20_000 }).toMatch(/^seen-echo +<0\.01 +\S+ m?s /m)
  expect(await watched()).toMatch(/^TOOL +CALLS\/S +ERRORS +P50 +P99 +MAX$/m)
  expect(await json(['watch', 'calls', '--once', '--window', '300', '--by', 'gateway'])).toMatchObject({
    seconds: 300,
    calls: expect.arrayContaining([expect.objectContaining({ name: 'seen', calls: 1, failures: 0 })]) as unknown,
  })
  await run(['remove', 'seen', '--yes'])
})

test('causeway watch db shows connections by their source', async () => {
  const { code, out } = await run(['watch', 'db', '--once'])
  expect(code).toBe(0)
  expect(out).toMatch(/^source +state +count +avg_age +max_age$/m)
  const activity = (await json(['watch', 'db', '--once'])) as { readonly source: string }[]
  expect(activity.map(({ source }) => source)).toContain('listen')
})

test('a data folder in use is refused; a later start says where the token is and does not show it', async () => {
  const { dataDir, token } = gateway
  const PORT = String(await freePort())
  const second = await causeway(['serve'], { CAUSEWAY_DATA_DIR: dataDir, PORT })
  expect(second.code).toBe(1)
  expect(second.err).toContain(dataDir)
  process.kill(gateway.pid, 'SIGTERM')
  await expect.poll(() => gateway.processes().length, { timeout: 10_000 }).toBe(0)
  await using later = await startGateway({ dataDir })
  const output = await later.output()
  expect(output).toContain(`The administrator's token is in ${dataDir}/admin-token`)
  expect(output.split(token).length - 1).toBe(1)
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLegacyFixture, type Fixture } from '../fixtures/legacy-server.ts'
import { causeway, type CliRun } from '../support/cli.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'

let gateway: RunningGateway
let upstream: Fixture

beforeAll(async () => {
  ;[gateway, upstream] = await Promise.all([startGateway(), startLegacyFixture()])
  await gateway.register('till', upstream.url)
})
afterAll(async () => {
  for (const one of [gateway, upstream]) await one?.[Symbol.asyncDispose]()
})

const run = (args: readonly string[], token?: string): Promise<CliRun> =>
  causeway(args, {
    CAUSEWAY_URL: gateway.url,
    CAUSEWAY_DATA_DIR: gateway.dataDir,
    ...(token !== undefined && { CAUSEWAY_TOKEN: token }),
  })

async function call(name: string, requestId: string, token = gateway.token): Promise<void> {
  const answer = await fetch(`${gateway.url}/rpc`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'x-request-id': requestId },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: { text: 'hi' } } }),
  })
  expect(answer.headers.get('x-request-id')).toBe(requestId)
  await answer.arrayBuffer()
}

test('what became of a call, from the moment that it is answered', async () => {
  const [{ name } = { name: '' }] = JSON.parse((await run(['tools', '--json'])).out) as { name: string }[]
  await call(name, 'first-1')
  const shown = await run(['why', 'first-1'])
  expect(shown.code).toBe(0)
  const lines = shown.out.trimEnd().split('\n')
  expect(lines[0]).toMatch(new RegExp(`^${name} at \\d{4}-\\S+Z: (ok|tool_error)$`))
  expect(shown.out).toMatch(/asked by {3}admin@localhost, token .+, tools\/call \(\w+\)/)
  expect(shown.out).toMatch(/allowed {4}by \S.*; catalog as of change \d+/)
  expect(shown.out).toMatch(/served by {2}till \(legacy\), 1 attempt, definition [0-9a-f]{12}\n/)
  expect(shown.out).toMatch(/ran {8}yes: the server answered/)
  const [kept] = JSON.parse((await run(['why', 'first-1', '--json'])).out) as Record<string, number>[]
  const { queue_ms: queue = 0, upstream_ms: server = 0, gateway_ms: own = 0, total_ms: total } = kept ?? {}
  expect(queue + server + own).toBeCloseTo(total ?? -1, 1)
  expect(server).toBeGreaterThan(0)
})

test('a call that was refused says where it ended', async () => {
  await call('no-such-tool', 'refused-1')
  const shown = await run(['why', 'refused-1'])
  expect(shown.out).toMatch(/: unknown_tool\n|: not_found\n|: invalid_params\n/)
  expect(shown.out).toMatch(/it came no further/)
  expect(shown.out).toMatch(/ran {8}no: it was never sent/)
})

test("somebody else's call is as absent as one that never was", async () => {
  await call('no-such-tool', 'secret-1')
  expect((await run(['why', 'secret-1'])).code).toBe(0)
  const token = (await run(['user', 'add', 'ann@example.com'])).out.trim()
  await call('no-such-tool', 'anns-1', token)
  expect((await run(['why', 'anns-1'], token)).code).toBe(0)
  const [there, absent] = [await run(['why', 'secret-1'], token), await run(['why', 'never-1'], token)]
  expect([there.code, there.err]).toEqual([1, absent.err])
  expect(there.err).toMatch(/no record of a call of yours has this id/)
})

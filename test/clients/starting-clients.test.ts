import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startLegacyFixture } from '../fixtures/legacy-server.ts'
import { causeway } from '../support/cli.ts'
import { freePort } from '../support/child-server.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { needs, pathOf } from '../support/needs.ts'
import { STARTING_PEERS, type Peer, type Started } from './peers.ts'

const LAUNCHER = join(import.meta.dirname, '../../bin/causeway.js')
const run = promisify(execFile)

const owned = new AsyncDisposableStack()
let gateway: RunningGateway

beforeAll(async () => {
  const legacy = owned.use(await startLegacyFixture())
  const PORT = String(await freePort())
  gateway = await startGateway({ env: { PORT } })
  owned.defer(() => gateway[Symbol.asyncDispose]())
  await gateway.register('legacy', legacy.url)
  const added = await causeway(['add', '--example'], environment())
  expect(added).toMatchObject({ code: 0, out: expect.stringMatching(/call example-convert-units --arg/) as string })
  expect(await causeway(['add', '--example'], environment())).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^example is there already\n\nNext:/) as string,
  })
})
afterAll(async () => await owned.disposeAsync())

const environment = () => ({ CAUSEWAY_URL: gateway.url, CAUSEWAY_TOKEN: gateway.token })
const bridge = (...args: readonly string[]): Started => ({
  command: process.execPath,
  args: [LAUNCHER, 'bridge', ...args],
  env: environment(),
})
const start = async (peer: string, server: Started): Promise<Peer> =>
  await (STARTING_PEERS[peer] as (typeof STARTING_PEERS)[string])(server)

describe.each(Object.keys(STARTING_PEERS))('%s', (peer) => {
  test('through the bridge to everything', async () => {
    await using client = await start(peer, bridge())
    expect((await client.listTools()).map(({ name }) => name)).toContain('example-countdown')
    const steps: number[] = []
    // Far enough apart: an SDK that reads a step and the result at once forgets who wanted the step before it has told.
    const { content } = await client.callTool('example-countdown', { from: 3, interval: 0.4 }, (step) =>
      steps.push(step),
    )
    expect(content).toMatchObject([{ type: 'text', text: expect.stringContaining('counted down from 3') as string }])
    expect(steps.slice(0, 2)).toEqual([1, 2])
    const sums = Array.from({ length: 40 }, async (_, n) => {
      const answer = await client.callTool('example-convert-units', { value: n, from: 'km', to: 'm' })
      return (answer as { structuredContent?: { value?: unknown } }).structuredContent?.value
    })
    expect(await Promise.all(sums)).toEqual(Array.from({ length: 40 }, (_, n) => n * 1000))
  })

  test('through the bridge to the example server alone', async () => {
    await using client = await start(peer, bridge('--gateway', 'example'))
    await useExample(client)
  })
})

test.each(['SDK v1', 'SDK v2, 2026-07-28'])('%s: the example server itself', async (peer) => {
  await using client = await start(peer, { command: process.execPath, args: [LAUNCHER, 'example'], env: {} })
  await useExample(client)
})

async function useExample(client: Peer): Promise<void> {
  const { content } = await client.callTool('add-note', { title: 'Milk', text: 'two' })
  const link = (content as { type: string; uri?: string }[]).find(({ type }) => type === 'resource_link')
  expect(await client.readResource(link?.uri ?? '')).toMatchObject([{ text: 'Milk\n\ntwo' }])
  expect(await client.readResource('example://times-tables/7')).toMatchObject([
    { text: expect.stringMatching(/12 × 7 = 84$/) as string },
  ])
  expect(await client.complete('explain', { name: 'audience', value: 'chi' })).toEqual(['a child'])
  expect(await client.getPrompt('explain', { topic: 'sessions' })).toHaveLength(1)
  expect(await client.callTool('convert-units', { value: 1, from: 'km', to: 'kg' })).toMatchObject({ isError: true })
  const picture = await client.callTool('bar-chart', { values: [1, 2] })
  expect(picture.content).toMatchObject([{}, { type: 'image', mimeType: 'image/png' }])
}

const ARGS = ['value=72', 'from=fahrenheit', 'to=celsius'].flatMap((arg) => ['--tool-arg', arg])
const CALL = ['--method', 'tools/call', '--tool-name', 'example-convert-units', ...ARGS]

test.for(['over HTTP', 'through the bridge'])('MCP Inspector’s command line, %s', async (way, context) => {
  needs(context, 'inspector')
  const inspector = (...args: readonly string[]) =>
    run(process.execPath, [pathOf('inspector'), '--cli', ...args], {
      env: { PATH: process.env['PATH'], HOME: gateway.dataDir },
    })
  const variables = Object.entries(environment()).flatMap(([name, value]) => ['-e', `${name}=${value}`])
  const { stdout } =
    way === 'over HTTP'
      ? await inspector(
          `${gateway.url}/mcp`,
          '--transport',
          'http',
          '--header',
          `Authorization: Bearer ${gateway.token}`,
          ...CALL,
        )
      : await inspector(...variables, ...CALL, '--', process.execPath, LAUNCHER, 'bridge')
  expect(JSON.parse(stdout)).toMatchObject({ structuredContent: { unit: 'celsius' } })
})

test('mcp-remote', async (context) => {
  needs(context, 'mcp-remote')
  const args = [pathOf('mcp-remote'), `${gateway.url}/mcp`, '--header', `Authorization: Bearer ${gateway.token}`]
  await using client = await start('SDK v1', { command: process.execPath, args, env: { HOME: gateway.dataDir } })
  expect((await client.listTools()).map(({ name }) => name)).toContain('example-countdown')
  expect(await client.callTool('example-convert-units', { value: 1, from: 'km', to: 'm' })).toMatchObject({
    structuredContent: { value: 1000 },
  })
})

test('a gateway that is started anew: the call under way is told, the next one works', async () => {
  await using client = await start('SDK v1', bridge())
  await client.listTools()
  const underWay = client.callTool('example-countdown', { from: 60 }).catch((error: unknown) => error)
  await new Promise((resolve) => setTimeout(resolve, 300))
  const { dataDir } = gateway
  process.kill(gateway.pid, 'SIGKILL')
  expect(String(await underWay)).toMatch(/it may have been carried out|the gateway is shutting down/)
  const { port } = new URL(gateway.url)
  gateway = await startGateway({ dataDir, env: { PORT: port } })
  const next = await client.callTool('example-convert-units', { value: 1, from: 'km', to: 'm' })
  expect(next).toMatchObject({ structuredContent: { value: 1000 } })
})

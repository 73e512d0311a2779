import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startEverything } from '../fixtures/everything.ts'
import { startLegacyFixture } from '../fixtures/legacy-server.ts'
import { startModernFixture } from '../fixtures/modern-server.ts'
import { startGateway, type GatewayEntity, type RunningGateway } from '../support/gateway.ts'
import { PEERS, type Peer } from './peers.ts'

const owned = new AsyncDisposableStack()
let gateway: RunningGateway
let upstreams: Record<'everything' | 'legacy' | 'modern', GatewayEntity>

beforeAll(async () => {
  const everything = owned.use(await startEverything())
  const legacy = owned.use(await startLegacyFixture())
  const modern = owned.use(await startModernFixture())
  gateway = owned.use(await startGateway())
  upstreams = {
    everything: await gateway.register('everything', everything.url),
    legacy: await gateway.register('legacy', legacy.url),
    modern: await gateway.register('modern', modern.url),
  }
})
afterAll(async () => await owned.disposeAsync())

const connect = async (peer: string, path: string): Promise<Peer> =>
  await (PEERS[peer] as (typeof PEERS)[string])({ url: gateway.url + path, token: gateway.token })

const textOf = (content: unknown): unknown => (content as { text?: unknown }[])[0]?.text

describe.each(Object.keys(PEERS))('%s', (peer) => {
  test('server-everything behind its own endpoint', async () => {
    await using client = await connect(peer, `/gateways/${upstreams.everything.id}/mcp`)
    const tools = (await client.listTools()).map(({ name }) => name)
    expect(tools).toContain('echo')
    const { content, isError } = await client.callTool('echo', { message: 'hello, wörld 😀' })
    expect({ text: textOf(content), isError: isError ?? false }).toEqual({
      text: 'Echo: hello, wörld 😀',
      isError: false,
    })
    const resources = await client.listResources()
    expect(resources.length).toBeGreaterThan(0)
    expect(await client.readResource(resources[0]?.uri ?? '')).toHaveLength(1)
    const prompts = await client.listPrompts()
    expect(prompts.map(({ name }) => name)).toContain('simple-prompt')
    expect(await client.getPrompt('simple-prompt', {})).toHaveLength(1)
  })

  test.each(['legacy', 'modern'] as const)('the %s fixture behind its own endpoint', async (era) => {
    await using client = await connect(peer, `/gateways/${upstreams[era].id}/mcp`)
    expect((await client.listTools()).map(({ name }) => name)).toContain('test_simple_text')
    const simple = await client.callTool('test_simple_text', {})
    expect(textOf(simple.content)).toBe('This is a simple text response for testing.')
    expect((await client.callTool('test_error_handling', {})).isError).toBe(true)
    const seen: number[] = []
    await client.callTool('test_tool_with_progress', {}, (progress) => seen.push(progress))
    expect(seen).toEqual([0, 50, 100])
    expect(await client.readResource('test://template/7/data')).toMatchObject([{ uri: 'test://template/7/data' }])
    expect(await client.getPrompt('test_prompt_with_arguments', { arg1: 'é', arg2: '😀' })).toMatchObject([
      { content: { text: "Prompt with arguments: arg1='é', arg2='😀'" } },
    ])
    expect(await client.complete('test_prompt_with_arguments', { name: 'arg1', value: 'par' })).toContain('paris')
    await expect(client.callTool('no_such_tool', {})).rejects.toThrow(/no_such_tool|-32602/)
    await expect(client.readResource('test://nothing/here')).rejects.toThrow()
  })

  test('everything at once behind /mcp', async () => {
    await using client = await connect(peer, '/mcp')
    const tools = (await client.listTools()).map(({ name }) => name)
    expect(tools).toEqual(
      expect.arrayContaining(['everything-echo', 'legacy-test-simple-text', 'modern-test-simple-text']),
    )
    for (const era of ['legacy', 'modern']) {
      const { content } = await client.callTool(`${era}-test-simple-text`, {})
      expect(textOf(content)).toBe('This is a simple text response for testing.')
    }
    expect(await client.readResource('test://static-text')).toMatchObject([{ uri: 'test://static-text' }])
  })
})

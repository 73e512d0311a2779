import { expect, test } from 'vitest'
import { startLegacyFixture } from '../fixtures/legacy-server.ts'
import { startModernFixture } from '../fixtures/modern-server.ts'
import { startGateway } from '../support/gateway.ts'
import { messagesOf, openRawClient, type Era } from '../support/raw-client.ts'

/** What the tool gave: the last message of the answer. */
async function ended(url: string, token: string, era: Era, tool: string): Promise<Record<string, unknown>> {
  using client = await openRawClient({ url, era, token })
  const answer = await client.call({
    method: 'tools/call',
    name: tool,
    members: `"name":"${tool}","arguments":{"prompt":"p","message":"m"}`,
  })
  return JSON.parse(messagesOf(answer).at(-1)?.toString() ?? '{}') as Record<string, unknown>
}

test('what a server asks of its client in the middle of a call is refused cleanly, and the next call works', async () => {
  await using legacy = await startLegacyFixture()
  await using modern = await startModernFixture()
  await using gateway = await startGateway()
  const at = async (name: string, url: string) =>
    `${gateway.url}/gateways/${(await gateway.register(name, url)).id}/mcp`
  const old = await at('old', legacy.url)
  const young = await at('young', modern.url)
  for (const era of ['legacy', 'modern'] as const) {
    // The legacy server sends a request, is told that nobody offers sampling, and its tool answers with that.
    expect(JSON.stringify(await ended(old, gateway.token, era, 'test_sampling'))).toMatch(
      /offers no such method|does not support/,
    )
    // The modern server would have to answer input_required; it was told that the client can do nothing.
    const asked = await ended(young, gateway.token, era, 'test_input_required_result_elicitation')
    expect(JSON.stringify(asked)).toMatch(/-3202\d|-32603|-32017|isError/)
    expect(await ended(old, gateway.token, era, 'test_simple_text')).toMatchObject({
      result: { content: [{ type: 'text' }] },
    })
    expect(await ended(young, gateway.token, era, 'test_simple_text')).toMatchObject({
      result: { content: [{ type: 'text' }] },
    })
  }
})

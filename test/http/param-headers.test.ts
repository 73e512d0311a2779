import { afterAll, beforeAll, expect, test } from 'vitest'
import { startModernFixture } from '../fixtures/modern-server.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { messagesOf, openRawClient } from '../support/raw-client.ts'

let gateway: RunningGateway
let modern: Awaited<ReturnType<typeof startModernFixture>>
let url: string

beforeAll(async () => {
  modern = await startModernFixture()
  gateway = await startGateway()
  url = `${gateway.url}/gateways/${(await gateway.register('modern', modern.url)).id}/mcp`
})

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await modern?.[Symbol.asyncDispose]()
})

const ARGUMENTS = '"arguments":{"region":"us","level":3}'
const TOOL = 'test_x_mcp_header'

async function call(headers: Readonly<Record<string, string>>) {
  using client = await openRawClient({ url, era: 'modern', token: gateway.token })
  const answer = await client.call({
    method: 'tools/call',
    name: TOOL,
    members: `"name":"${TOOL}",${ARGUMENTS}`,
    headers,
  })
  const message = JSON.parse(messagesOf(answer).at(-1)?.toString() ?? '{}') as { error?: { code: number } }
  return [answer.status, message.error?.code]
}

test.each([
  ['both as the arguments say', { 'mcp-param-region': 'us', 'mcp-param-level': '3' }, 200, undefined],
  ['one says something else', { 'mcp-param-region': 'eu', 'mcp-param-level': '3' }, 400, -32020],
  ['one is missing', { 'mcp-param-level': '3' }, 400, -32020],
])('a tool that mirrors arguments in headers: %s', async (_name, headers, status, code) => {
  expect(await call(headers as Record<string, string>)).toEqual([status, code])
})

test('a reference with a repeated key is refused before anybody is asked', async () => {
  using client = await openRawClient({ url, era: 'legacy', token: gateway.token })
  const members = '"ref":{"type":"ref/prompt","name":"a","Name":"b"},"argument":{"name":"x","value":""}'
  const answer = await client.call({ method: 'completion/complete', members })
  expect([answer.status, JSON.parse(answer.body.toString()).error.code]).toEqual([400, -32700])
})

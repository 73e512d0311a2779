import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startExactServer, type Reply } from '../fixtures/exact-server.ts'
import { startSseFront } from '../fixtures/sse-front.ts'
import { startGateway } from '../support/gateway.ts'
import { messagesOf, openRawClient, type RawClient } from '../support/raw-client.ts'
import { ENVELOPES, ERRORS, ODD_RESULT, RESULTS } from './corpus-results.ts'
import { parseExact, render, type Exact } from './exact-json.ts'
import { actualResult, envelopeOf, expectedResult, firstDifference, member } from './expected.ts'

let count = 0
const CASES = Object.entries(RESULTS).map(([title, result]) => ({ tool: `t${count++}`, title, result }))
const ENVELOPE_CASES = Object.entries(ENVELOPES).map(([title, write]) => ({ tool: `e${count++}`, title, write }))
const ERROR_CASES = Object.entries(ERRORS).map(([title, error]) => ({ tool: `f${count++}`, title, error }))

const REPLIES = new Map<string, Reply>([
  ...CASES.map(({ tool, result }) => [`tools/call ${tool}`, { result }] as const),
  ...ENVELOPE_CASES.map(
    ({ tool, write }) =>
      [`tools/call ${tool}`, { message: (id: string) => Buffer.from(write(id, ODD_RESULT)) }] as const,
  ),
  ...ERROR_CASES.map(
    ({ tool, error }) =>
      [
        `tools/call ${tool}`,
        { message: (id: string) => Buffer.from(`{"jsonrpc":"2.0","id":${id},"error":${error}}`) },
      ] as const,
  ),
])

/** An upstream of 2024-11-05 counts as legacy in every other way. */
const WAYS = ['legacy to legacy', 'modern to legacy'] as const
const clients = new Map<string, RawClient>()
const stack = new AsyncDisposableStack()

beforeAll(async () => {
  const exact = stack.use(await startExactServer('legacy', REPLIES))
  const front = stack.use(await startSseFront(exact.url))
  const gateway = stack.use(await startGateway())
  const { id, transport } = await gateway.register('exact-sse', front.url)
  expect(transport).toBe('SSE')
  for (const way of WAYS) {
    const era = way === 'legacy to legacy' ? 'legacy' : 'modern'
    const url = `${gateway.url}/gateways/${id}/mcp`
    clients.set(way, stack.use(await openRawClient({ url, era, token: gateway.token })))
  }
})
afterAll(async () => await stack.disposeAsync())

async function call(way: string, tool: string): Promise<Exact> {
  const members = `"name":"${tool}","arguments":{}`
  const answer = await clients.get(way)?.call({ method: 'tools/call', id: '42', name: tool, members })
  const messages = answer === undefined ? [] : messagesOf(answer)
  expect({ whole: answer?.whole, messages: messages.length }).toEqual({ whole: true, messages: 1 })
  return parseExact(messages[0] ?? '')
}

describe.each(WAYS)('over HTTP+SSE, %s', (way) => {
  test.each(CASES)('$title', async ({ tool, result }) => {
    const message = await call(way, tool)
    expect(firstDifference(actualResult(way, message), expectedResult(way, 'tools/call', result))).toBeUndefined()
    expect(envelopeOf(message)).toEqual({ jsonrpc: '"2.0"', id: '42' })
  })

  test.each(ENVELOPE_CASES)('$title', async ({ tool }) => {
    const message = await call(way, tool)
    expect(firstDifference(actualResult(way, message), expectedResult(way, 'tools/call', ODD_RESULT))).toBeUndefined()
    expect(envelopeOf(message)['id']).toBe('42')
  })

  test.each(ERROR_CASES)('$title', async ({ tool, error }) => {
    const message = await call(way, tool)
    expect(render(member(message, 'error') ?? parseExact('null'))).toBe(render(parseExact(error)))
    expect(render(member(message, 'id') ?? parseExact('null'))).toBe('42')
  })
})

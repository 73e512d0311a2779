import { expect, test } from 'vitest'
import { startSlowServer } from '../fixtures/slow-server.ts'
import { testDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { sentFaults } from '../support/session-rules.ts'
import { wireTap, type Sent } from '../support/wire-tap.ts'

/** What an operator does in a day, once each: most statements of the product pass by. */
async function dayOf(gateway: RunningGateway, upstream: { at(era: 'legacy' | 'modern', name?: string): string }) {
  const did = async (method: string, path: string, body?: unknown): Promise<{ id: string }> => {
    const answer = await gateway.api(method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  const { id } = await gateway.register('wire', upstream.at('legacy'))
  await did('PUT', `/v1/gateways/${id}`, { description: 'changed' })
  await did('POST', `/v1/gateways/${id}/tools/refresh`)
  await did('POST', `/v1/gateways/${id}/test`)
  await did('POST', '/v1/declared', { set: 'wire', gateways: [{ name: 'declared', url: upstream.at('modern', 'd') }] })
  const tool = await did('POST', '/v1/tools', { name: 'http', url: 'http://127.0.0.1:9/' })
  const prompt = await did('POST', '/v1/prompts', { name: 'said', template: 'hello' })
  const server = await did('POST', '/v1/servers', { server: { name: 'wire', associated_tools: [tool.id] } })
  const token = await did('POST', '/v1/tokens', { name: 'wire' })
  for (const noun of ['gateways', 'tools', 'prompts', 'resources', 'servers', 'tokens', 'tags', 'audit', 'metrics'])
    await gateway.api('GET', `/v1/${noun}`)
  await did('POST', '/rpc', { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} })
  await did('POST', '/rpc', {
    jsonrpc: '2.0',
    id: 2,
    method: 'tools/call',
    params: { name: 'wire-echo', arguments: {} },
  })
  const lists = [`tools/${tool.id}`, `prompts/${prompt.id}`, `servers/${server.id}`, `gateways/${id}`]
  for (const path of lists) await did('DELETE', `/v1/${path}`)
  await gateway.api('DELETE', `/v1/tokens/${(token as { token?: { id: string } }).token?.id ?? token.id}`)
}

const faultsIn = (sent: readonly Sent[]): string[] =>
  sent.flatMap(({ text, name }) => [...sentFaults(text), ...(name === '' ? [] : [`a statement named ${name}`])])

test('what the product sends leaves nothing behind on a connection, and it listens on the direct URL alone', async () => {
  await using t = await testDatabase()
  await using pooled = await wireTap(t.url)
  await using direct = await wireTap(t.url)
  await using upstream = await startSlowServer()
  const env = {
    DATABASE_URL: `${pooled.url}?statement_timeout=5&options=-c%20geqo%3Doff`,
    DATABASE_DIRECT_URL: direct.url,
    PGOPTIONS: '-c statement_timeout=1',
    PGAPPNAME: 'other',
  }
  {
    await using gateway = await startGateway({ env })
    await dayOf(gateway, upstream)
    // Long enough for the gateways to be looked after, followed and found due.
    await expect.poll(() => sourcesOf(pooled.sent), { timeout: 10_000 }).toEqual(expect.arrayContaining(SOURCES))
  }
  const named = ['user', 'database', 'application_name', 'client_encoding']
  expect(new Set([...pooled.startUps, ...direct.startUps].map(String))).toEqual(new Set([String(named)]))
  expect(new Set(pooled.sent.map(({ text }) => text)).size).toBeGreaterThan(40)
  expect(faultsIn(pooled.sent)).toEqual([])
  expect(faultsIn(direct.sent)).toEqual(['LISTEN, which needs a connection of its own'])
})

/** Parts of the house that must have been heard, or the test heard nothing. */
const SOURCES = ['gateways', 'changes', 'leases', 'declared', 'tokens', 'tools', 'prompts', 'servers', 'records']

function sourcesOf(sent: readonly Sent[]): string[] {
  return [...new Set(sent.map(({ text }) => /^\/\*source='([^']*)'\*\//.exec(text)?.[1] ?? ''))]
}

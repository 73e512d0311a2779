import { expect, test } from 'vitest'
import type { ClientKind } from '../../bench/lab/scenario.ts'
import { startSimulator } from '../../bench/lab/simulator/simulator.ts'
import { gatewaySite } from '../../bench/lab/sites/gateway-site.ts'
import { startGateway } from '../support/gateway.ts'
import { startBetween } from './between.ts'
import { answered, failedOf, run, shortLoad } from './scene.ts'

const signal = new AbortController().signal

const MIX = [
  { request: 'call', share: 40, at: 'aggregate' },
  { request: 'call', share: 20, at: 'server' },
  { request: 'call', share: 10, at: 'gateway' },
  { request: 'list', share: 10, at: 'aggregate' },
  { request: 'read', share: 10, at: 'server' },
  { request: 'prompt', share: 5, at: 'aggregate' },
  { request: 'rest', share: 5, path: '/v1/tools?limit=5' },
] as const

const RELAYED = ['tools/call', 'resources/read', 'prompts/get'] as const

test.each([
  ['legacy', { legacy: 100, modern: 0, rpc: 0 }],
  ['modern', { legacy: 0, modern: 100, rpc: 0 }],
  ['rpc', { legacy: 0, modern: 0, rpc: 100 }],
] as const satisfies [ClientKind, Record<ClientKind, number>][])(
  'fifty %s users through a gateway: its upstreams see each call once, and each is answered to its caller',
  async (_kind, clients) => {
    await using simulator = await startSimulator()
    await using gateway = await startGateway()
    const scenario = shortLoad({ mix: MIX, clients, streamed: 20, streams: 20 })
    const options = { name: 'it', url: gateway.url, token: gateway.token, simulator: simulator.url }
    await using prepared = await gatewaySite({ ...options, scenario, say: () => {}, signal })
    const before = { ...simulator.counters.requests }
    const { results } = await run(prepared.site, { ...scenario, rampSeconds: 0 })
    const seen = (method: string): number => (simulator.counters.requests[method] ?? 0) - (before[method] ?? 0)
    const told = (kind: string): number => results.kinds.find((one) => one.kind === kind)?.answered ?? 0
    expect({ failures: results.failures, foreign: results.foreignAnswers, failed: failedOf(results) }).toEqual({
      failures: [],
      foreign: 0,
      failed: 0,
    })
    expect(RELAYED.map(seen)).toEqual([told('call'), told('read'), told('prompt')])
    expect(Math.min(told('call'), told('read'), told('prompt'), told('list'), told('rest'))).toBeGreaterThan(5)
    const all = results.kinds.reduce((sum, kind) => sum + kind.answered, 0)
    expect(answered(results)).toBe(all)
  },
)

test('a gateway that fails every tenth call is told, call by call', async () => {
  await using simulator = await startSimulator()
  await using gateway = await startGateway()
  const scenario = shortLoad({ rampSeconds: 0, mix: [{ request: 'call', share: 100, at: 'aggregate' }] })
  const options = { name: 'it', url: gateway.url, token: gateway.token, simulator: simulator.url }
  await using prepared = await gatewaySite({ ...options, scenario, say: () => {}, signal })
  let calls = 0
  let failed = 0
  await using between = await startBetween(gateway.url, {
    before: ({ body }) => {
      if (!body.includes('"tools/call"') || ++calls % 10 !== 0) return undefined
      failed++
      return { status: 500, body: '{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"no"}}', headers: {} }
    },
  })
  const { results } = await run({ ...prepared.site, origin: between.origin }, scenario)
  expect(failed).toBeGreaterThan(20)
  expect(results.failures).toEqual([
    { kind: 'call', reason: 'status 500', count: failed, example: expect.stringContaining('-32603') as string },
  ])
  const call = results.kinds.find(({ kind }) => kind === 'call')
  expect([call?.failed, call?.answered]).toEqual([failed, calls - failed])
})

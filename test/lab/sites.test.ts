import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCauseway, type RunningCauseway } from '../../bench/lab/sites/causeway.ts'
import { gatewaySite } from '../../bench/lab/sites/gateway-site.ts'
import { prepareGateway } from '../../bench/lab/sites/prepare-gateway.ts'
import { startSimulatorProgram, type Program } from '../../bench/lab/sites/program.ts'
import { relaySite } from '../../bench/lab/sites/relay-site.ts'
import type { Scenario } from '../../bench/lab/scenario.ts'
import type { Door, Site } from '../../bench/lab/site.ts'
import { messagesOf, openRawClient, type Era } from '../support/raw-client.ts'

const SCENARIO: Scenario = {
  name: 'test',
  about: '',
  loop: { kind: 'closed', users: 12, thinkSeconds: [1, 2] },
  rampSeconds: 0,
  seconds: 1,
  mix: [],
  delays: [],
  clients: { legacy: 1, modern: 1, rpc: 1 },
  streams: 0,
  upstreams: { legacy: 2, modern: 1 },
  streamed: 0,
  answerBytes: 0,
  failures: [],
  patienceSeconds: 5,
  controlUsers: 2,
  seed: 1,
}

let simulator: Program
let causeway: RunningCauseway
beforeAll(async () => {
  const signal = AbortSignal.timeout(100_000)
  simulator = await startSimulatorProgram(3)
  causeway = await startCauseway({ env: { CAUSEWAY_WORKERS: '2' }, signal })
})
afterAll(async () => {
  await causeway?.[Symbol.asyncDispose]()
  await simulator?.[Symbol.asyncDispose]()
})

async function api(path: string): Promise<Record<string, unknown>[]> {
  const headers = { authorization: `Bearer ${causeway.token}` }
  return (await (await fetch(`${causeway.url}/v1${path}`, { headers })).json()) as Record<string, unknown>[]
}

/** Through every name that the door offers, as a user of that kind would. */
async function knock(site: Site, door: Door, era: Era): Promise<string[]> {
  const [token] = site.tokens
  using client = await openRawClient({ url: site.origin + door.path, era, ...(token !== undefined && { token }) })
  const answers: string[] = []
  for (const name of door.tools) {
    const members = `"name":"${name}","arguments":{"ms":1,"canary":"at ${name}"}`
    answers.push(
      messagesOf(await client.call({ method: 'tools/call', name, members }))
        .at(-1)
        ?.toString() ?? '',
    )
  }
  for (const name of door.prompts) {
    const members = `"name":"${name}","arguments":{"ms":"1","canary":"at ${name}"}`
    answers.push(
      messagesOf(await client.call({ method: 'prompts/get', name, members }))
        .at(-1)
        ?.toString() ?? '',
    )
  }
  for (const template of door.resources) {
    const uri = template.replace('{ms}', '1').replace('{canary}', 'read')
    const read = { method: 'resources/read', name: uri, members: `"uri":"${uri}"` }
    answers.push(
      messagesOf(await client.call(read))
        .at(-1)
        ?.toString() ?? '',
    )
  }
  return answers
}

test('a gateway gets servers, a virtual server and a token for each user, and is left as it was', async () => {
  const before = { servers: await api('/servers'), gateways: await api('/gateways') }
  const said: string[] = []
  {
    await using prepared = await prepareGateway(causeway, {
      scenario: SCENARIO,
      say: (text) => said.push(text),
      signal: AbortSignal.timeout(60_000),
    })
    const { site } = prepared
    expect(new Set(site.tokens).size).toBe(12)
    expect(site.clients).toEqual(['legacy', 'modern', 'rpc'])
    expect(site.version).toContain('causeway')
    const { aggregate = [], server = [], gateway = [] } = site.doors
    expect([aggregate, server, gateway].map((doors) => doors.map(({ tools }) => tools.length))).toEqual([
      [3],
      [3],
      [1, 1, 1],
    ])
    for (const door of [...aggregate, ...server, ...gateway]) {
      expect([door.prompts.length, door.resources.length]).toEqual([door.tools.length, door.tools.length])
      for (const era of ['legacy', 'modern'] as const) {
        const answers = await knock(site, door, era)
        expect(answers.length).toBe(3 * door.tools.length)
        expect(answers.filter((answer) => !answer.includes('tookMs'))).toEqual([])
      }
    }
  }
  expect(said.join('\n')).toContain('is removed (16 things)')
  expect({ servers: await api('/servers'), gateways: await api('/gateways') }).toEqual(before)
  const tokens = (await api('/tokens?limit=100')) as unknown as { tokens: { is_revoked: boolean; name: string }[] }
  expect(tokens.tokens.filter(({ name, is_revoked }) => name.startsWith('lab-') && !is_revoked)).toEqual([])
}, 60_000)

test('a relay has as many doors as there are servers, for clients of both eras', async () => {
  await using prepared = await relaySite({ simulator: simulator.url, servers: 2, listLength: 9 })
  const { aggregate = [] } = prepared.site.doors
  expect(aggregate).toHaveLength(2)
  for (const door of aggregate)
    for (const era of ['legacy', 'modern'] as const) {
      const answers = await knock(prepared.site, door, era)
      expect(answers.filter((answer) => !answer.includes('tookMs'))).toEqual([])
      using client = await openRawClient({ url: prepared.site.origin + door.path, era })
      const meta = '"progressToken":1'
      const members = `"name":"wait","arguments":{"ms":20,"canary":"s","progress":2}`
      const streamed = await client.call({ method: 'tools/call', name: 'wait', members, meta })
      expect(messagesOf(streamed)).toHaveLength(3)
      expect((await client.call({ method: 'tools/list' })).body.toString().split('inputSchema')).toHaveLength(10)
    }
})

test('of a target that only speaks MCP, its wait tools are used, with the token given', async () => {
  const said: string[] = []
  await using prepared = await gatewaySite({
    name: 'plain',
    url: `${simulator.url}/either/plain/mcp`,
    token: 'whatever',
    simulator: simulator.url,
    scenario: SCENARIO,
    say: (text) => said.push(text),
    signal: AbortSignal.timeout(20_000),
  })
  expect(prepared.site).toMatchObject({ tokens: ['whatever'], clients: ['legacy', 'modern'] })
  expect(prepared.site.doors.aggregate).toMatchObject([{ path: '/either/plain/mcp', tools: ['wait'] }])
  expect(said.join()).toContain('no REST API that we know')
})

test('what does not fit is told', async () => {
  const options = { name: 'x', simulator: simulator.url, scenario: SCENARIO, say: () => undefined }
  const prepare = async (url: string, token: string) =>
    await gatewaySite({ ...options, url, token, signal: AbortSignal.timeout(20_000) })
  await expect(prepare(causeway.url, 'wrong')).rejects.toThrow('refuses the token')
  await expect(prepare(`${simulator.url}/nothing`, 'any')).rejects.toThrow('answers no kind of MCP client')
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { restEndpoints } from '#/http/rest-endpoints.ts'
import { mcpDoors, RELAYED, restDoors, type Door } from './pool/doors.ts'
import { passAll } from './pool/run-doors.ts'
import { startSite, type Site } from './pool/site.ts'

const CALLS = 500
const LIMIT_S = 8
/** What writes whole gateways also takes milliseconds of a CPU each, of which a busy machine gives few; holding one takes 2,500 s. */
const REST_LIMIT_S = 16

/** Stands for every part that a route needs: routes are data, and making them asks nothing of their parts. */
const anything: never = new Proxy(() => undefined, {
  get: (_target, key) => (key === Symbol.toPrimitive ? () => '' : anything),
  apply: () => anything,
}) as never

/** REST routes that reach a backend: their table says so. */
const BACKEND_ROUTES = restEndpoints(anything, { version: '' })
  .filter((endpoint) => endpoint.reachesBackend)
  .map((endpoint) => endpoint.route as string)

let site: Site
let mcp: Door[]
let rest: Door[]

beforeAll(async () => {
  site = await startSite()
  mcp = await mcpDoors(site)
  rest = await restDoors(site, Math.ceil(CALLS / BACKEND_ROUTES.length))
}, 240_000)
afterAll(async () => await site?.[Symbol.asyncDispose]())

describe('every door is covered', () => {
  test('REST routes that reach a backend', () => {
    expect(rest.map(({ covers }) => covers).toSorted()).toEqual(BACKEND_ROUTES.toSorted())
  })

  test('MCP methods that reach a backend, at every endpoint in both eras, and /rpc', () => {
    const [byPath, others] = [true, false].map((is) => mcp.filter(({ name }) => name.startsWith('/protocol/') === is))
    expect(byPath?.map(({ covers }) => covers)).toEqual(['completion/complete'])
    const endpoints = new Set(others?.map(({ name, covers }) => name.slice(0, -covers.length)))
    expect(endpoints.size).toBe(9)
    expect(others).toHaveLength(endpoints.size * RELAYED.length)
  })
})

/** A path that held the one connection while it waits would need minutes, whatever share of the calls takes it. */
async function expectToPass(doors: readonly Door[], withinS: number): Promise<void> {
  expect(doors.length).toBeGreaterThan(0)
  const { seconds, failures } = await passAll(doors, CALLS)
  expect(failures.slice(0, 5)).toEqual([])
  expect(seconds).toBeLessThan(withinS)
}

const byEndpoint = (part: string, era: string) => () =>
  mcp.filter(({ name }) => name.startsWith(part) && name.includes(`${era} client`))

describe(`${CALLS} calls at once to a backend of five seconds, with one database connection`, () => {
  test.each([
    ['/mcp, legacy client', byEndpoint('/mcp', 'legacy')],
    ['/mcp, modern client', byEndpoint('/mcp', 'modern')],
    ['/servers/{id}/mcp, legacy client', byEndpoint('/servers', 'legacy')],
    ['/servers/{id}/mcp, modern client', byEndpoint('/servers', 'modern')],
    ['/gateways/{id}/mcp, legacy client', byEndpoint('/gateways', 'legacy')],
    ['/gateways/{id}/mcp, modern client', byEndpoint('/gateways', 'modern')],
    ['/rpc', () => mcp.filter(({ name }) => name.startsWith('/rpc'))],
    ['/protocol', () => mcp.filter(({ name }) => name.startsWith('/protocol/'))],
  ])('%s', async (_name, doors) => await expectToPass(doors(), LIMIT_S))

  // `npm run bench` shows route by route how long each takes by itself.
  test('all REST routes together', async () => await expectToPass(rest, REST_LIMIT_S))
})

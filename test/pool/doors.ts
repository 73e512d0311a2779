import { METHODS } from '#/mcp/methods.ts'
import { messagesOf, type Era, type RawAnswer, type RawClient, type RawRequest } from '../support/raw-client.ts'
import { SLOW_MS, SLOW_PATH, type Site } from './site.ts'

/** One way to a backend. `call` is one call through it; it says what went wrong, or undefined. */
export interface Door {
  readonly name: string
  /** The MCP method or the REST route that this door covers. */
  readonly covers: string
  call(n: number): Promise<string | undefined>
}

/** MCP methods that reach a backend: their table says so. */
export const RELAYED = Object.entries(METHODS)
  .filter(([, row]) => row.kind === 'relay')
  .map(([method]) => method)

/** What a name is at an endpoint: as the upstream gave it, or with the gateway before it. */
interface Names {
  readonly tool: string
  readonly prompt: string
}

const REQUESTS: Readonly<Record<string, (names: Names) => RawRequest>> = {
  'tools/call': ({ tool }) => ({
    method: 'tools/call',
    name: tool,
    members: `"name":"${tool}","arguments":{"ms":${SLOW_MS}}`,
  }),
  'prompts/get': ({ prompt }) => ({
    method: 'prompts/get',
    name: prompt,
    members: `"name":"${prompt}","arguments":{}`,
  }),
  'resources/read': () => ({ method: 'resources/read', name: 'slow://thing', members: '"uri":"slow://thing"' }),
  'completion/complete': ({ prompt }) => ({
    method: 'completion/complete',
    members: `"ref":{"type":"ref/prompt","name":"${prompt}"},"argument":{"name":"ms","value":"5"}`,
  }),
}

/** The request of a relayed method; a method without one is a door that nobody has covered. */
function requestFor(method: string, names: Names): RawRequest {
  const make = REQUESTS[method]
  if (!make) throw new Error(`${method} reaches a backend and the pool-of-one test does not know how to ask for it`)
  return make(names)
}

function problemIn(answer: RawAnswer): string | undefined {
  const last = messagesOf(answer).at(-1)?.toString() ?? ''
  return answer.status === 200 && last.includes('"result"') ? undefined : `${answer.status} ${last.slice(0, 300)}`
}

const mcpDoor = (name: string, client: RawClient, request: RawRequest): Door => ({
  name: `${name} ${request.method}`,
  covers: request.method,
  call: async (n) => problemIn(await client.call({ ...request, id: String(n + 1) })),
})

/** Every MCP endpoint, in both eras, for every relayed method. Between them both eras of upstream are met. */
export async function mcpDoors(site: Site): Promise<Door[]> {
  const doors: Door[] = []
  for (const era of ['legacy', 'modern'] as const) {
    for (const [path, names] of endpoints(site, era)) {
      const client = await site.client(path, era)
      for (const method of RELAYED) doors.push(mcpDoor(`${path}, ${era} client,`, client, requestFor(method, names)))
    }
  }
  for (const method of RELAYED) doors.push(rpcDoor(site, requestFor(method, prefixed(site, 'legacy'))))
  doors.push(shellDoor(site))
  return doors
}

const prefixed = (site: Site, upstream: Era): Names => {
  const slug = site.gateways[upstream].slug ?? site.gateways[upstream].name
  return { tool: `${slug}-slow`, prompt: `${slug}-slow` }
}

const OWN: Names = { tool: 'slow', prompt: 'slow' }

/** The aggregates take the other era's upstream, so that calls are translated on their way. */
function endpoints(site: Site, era: Era): [string, Names][] {
  const other = era === 'legacy' ? 'modern' : 'legacy'
  return [
    ['/mcp', prefixed(site, other)],
    [`/servers/${site.serverId}/mcp`, prefixed(site, other)],
    [`/gateways/${site.gateways.legacy.id}/mcp`, OWN],
    [`/gateways/${site.gateways.modern.id}/mcp`, OWN],
  ]
}

function rpcDoor(site: Site, { method, members = '' }: RawRequest): Door {
  const params = JSON.parse(`{${members}}`) as object
  return {
    name: `/rpc ${method}`,
    covers: method,
    call: async (n) => {
      const { status, body } = await site.gateway.api('POST', '/rpc', { jsonrpc: '2.0', id: n, method, params })
      return status === 200 && 'result' in body ? undefined : `${status} ${JSON.stringify(body).slice(0, 300)}`
    },
  }
}

function shellDoor(site: Site): Door {
  const path = '/protocol/completion/complete'
  const { members = '' } = requestFor('completion/complete', prefixed(site, 'legacy'))
  return {
    name: path,
    covers: 'completion/complete',
    call: async () => {
      const { status, body } = await site.gateway.api('POST', path, JSON.parse(`{${members}}`))
      return status === 200 && 'completion' in body ? undefined : `${status} ${JSON.stringify(body).slice(0, 300)}`
    },
  }
}

interface Ask {
  readonly method: string
  readonly path: string
  readonly body?: unknown
}

function restDoor(site: Site, route: string, ask: (n: number) => Ask): Door {
  return {
    name: route,
    covers: route,
    call: async (n) => {
      const { method, path, body } = ask(n)
      const answer = await site.gateway.api(method, path, body)
      const text = JSON.stringify(answer.body)
      // A gateway that was not reached in time is kept as pending; that is no passage.
      const { success, reachable, status, failed: steps = 0 } = answer.body
      const failed =
        answer.status >= 300 ||
        success === false ||
        reachable === false ||
        status === 'failed' ||
        steps !== 0 ||
        text.includes('not answer yet')
      return failed ? `${answer.status} ${text.slice(0, 300)}` : undefined
    },
  }
}

/**
 * Every REST route that reaches a backend. Where one gateway would be asked once for all callers, each call has a gateway
 * of its own: `count` of them per route, of the routes that are `chosen`.
 */
export async function restDoors(
  site: Site,
  count: number,
  chosen: (route: string) => boolean = () => true,
): Promise<Door[]> {
  const { tools, prompts, resources } = site.items
  const fleet = async (name: string, route: string) => (chosen(route) ? await site.fleet(name, count) : [])
  const fleets = {
    change: await fleet('change', 'PUT /gateways/{id}'),
    refresh: await fleet('refresh', 'POST /gateways/{id}/tools/refresh'),
    test: await fleet('test', 'POST /gateways/{id}/test'),
  }
  site.upstream.delay('tools/list', SLOW_MS, SLOW_PATH)
  const late = (name: string) => `${site.upstream.url}${SLOW_PATH}${name}`
  const door = (route: string, ask: (n: number) => Ask) => restDoor(site, route, ask)
  const doors = [
    // A tool of an MCP server, and one that is an HTTP API.
    door('POST /tools/{id}/call', (n) => ({
      method: 'POST',
      path: `/v1/tools/${n % 2 === 0 ? tools : site.httpTool}/call`,
      body: { arguments: { ms: SLOW_MS } },
    })),
    door('GET /prompts/{id}', () => ({ method: 'GET', path: `/v1/prompts/${prompts}` })),
    door('POST /prompts/{id}', () => ({ method: 'POST', path: `/v1/prompts/${prompts}`, body: { ms: '1' } })),
    door('GET /resources/{id}', () => ({ method: 'GET', path: `/v1/resources/${resources}` })),
    door('GET /resources/test/{uri}', () => ({ method: 'GET', path: '/v1/resources/test/slow%3A%2F%2Fthing' })),
    door('GET /resources/{id}/content', () => ({ method: 'GET', path: `/v1/resources/${resources}/content` })),
    door('POST /gateways', (n) => ({
      method: 'POST',
      path: '/v1/gateways',
      body: { name: `late-${n}`, url: late(`new-${n}`) },
    })),
    door('POST /declared', (n) => ({
      method: 'POST',
      path: '/v1/declared',
      body: { set: `pool-${n}`, gateways: [{ name: `declared-${n}`, url: late(`declared-${n}`) }] },
    })),
    door('POST /import', (n) => ({
      method: 'POST',
      path: '/v1/import',
      body: {
        import_data: {
          version: '1',
          exported_at: 'now',
          entities: { gateways: [{ name: `imported-${n}`, url: late(`imported-${n}`) }] },
        },
        conflict_strategy: 'fail',
      },
    })),
    door('PUT /gateways/{id}', (n) => ({
      method: 'PUT',
      path: `/v1/gateways/${fleets.change[n]}`,
      body: { url: late(`changed-${n}`) },
    })),
    door('POST /gateways/{id}/tools/refresh', (n) => ({
      method: 'POST',
      path: `/v1/gateways/${fleets.refresh[n]}/tools/refresh`,
    })),
    door('GET /gateways/{id}/logs', () => ({ method: 'GET', path: `/v1/gateways/${site.stdio.id}/logs?tail=10` })),
    door('POST /gateways/{id}/test', (n) => ({ method: 'POST', path: `/v1/gateways/${fleets.test[n]}/test` })),
  ]
  return [...doors, ...signInDoors(site)].filter(({ name }) => chosen(name))
}

/** The way to the identity provider and back, as a browser goes it; each time somebody else. */
function signInDoors({ gateway, provider }: Site): Door[] {
  const ask = async (path: string, cookie = '') => {
    const answer = await fetch(gateway.url + path, { redirect: 'manual', headers: { cookie } })
    return { status: answer.status, headers: answer.headers, text: await answer.text() }
  }
  const login = () => ask('/v1/auth/sso/login')
  const door = (covers: string, call: Door['call']): Door => ({ name: covers, covers, call })
  return [
    door('GET /auth/sso/login', async () => {
      const { status, text } = await login()
      return status === 303 ? undefined : `${status} ${text}`
    }),
    door('GET /auth/sso/callback', async (n) => {
      const { headers } = await login()
      const url = headers.get('location') ?? ''
      const state = new URL(url).searchParams.get('state') ?? ''
      const code = provider.codeFor(url, `pool-${n}`)
      const cookie = headers.getSetCookie()[0]?.split(';', 1)[0]
      const { status, text } = await ask(
        `/v1/auth/sso/callback?${new URLSearchParams({ code, state }).toString()}`,
        cookie,
      )
      return status === 200 ? undefined : `${status} ${text}`
    }),
  ]
}

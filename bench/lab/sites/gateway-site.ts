import { randomBytes } from 'node:crypto'
import type { ClientKind, Scenario } from '../scenario.ts'
import type { Door, PreparedSite, Site } from '../site.ts'
import { doorAt } from './doors.ts'
import { holdsInARow } from './every-worker.ts'
import { openMcpClient, type Listed, type McpClient } from './mcp-client.ts'

import { makeServer, register } from './registered.ts'
import { removeAll } from './remove-all.ts'
import { Rest } from './rest.ts'
import { makeTokens } from './tokens.ts'

export interface GatewaySiteOptions {
  readonly name: string
  /** With a path where its MCP endpoint is not /mcp. */
  readonly url: string
  readonly token: string
  /** Origin of the simulator. */
  readonly simulator: string
  readonly scenario: Scenario
  /** Nothing is removed in the end: the gateway goes with all it has. */
  readonly keep?: boolean
  readonly say: (text: string) => void
  readonly signal: AbortSignal
}

const KINDS: readonly ClientKind[] = ['legacy', 'modern', 'rpc']

/** Makes a running gateway ready for users, by its REST API where it has one we know, else with the `wait` tools it lists. */
export async function gatewaySite(options: GatewaySiteOptions): Promise<PreparedSite> {
  await using building = new AsyncDisposableStack()
  const { origin, pathname } = new URL(options.url)
  const mcpPath = pathname === '/' ? '/mcp' : pathname
  const where = { origin, token: options.token, signal: options.signal }
  const rest = new Rest({ ...where, url: origin })
  const made = (await rest.isThere()) ? await makeAll(rest, options, building) : nothingMade(options)
  const clients = await clientsOf(where, mcpPath)
  const [client] = clients
  if (client === undefined)
    throw new Error(`${origin}${mcpPath} answers no kind of MCP client; is it the MCP endpoint?`)
  const paths = { aggregate: mcpPath, server: made.serverPath, gateway: made.gatewayPaths }
  const doors = await doorsOf(client, paths, made.mine)
  const known = doors.aggregate?.[0]?.tools ?? []
  await holdsInARow(async () => listsAll(await client.list(mcpPath, 'tools/list'), known), {
    otherwise: `${mcpPath} does not list the simulator's tools each time it is asked`,
    signal: options.signal,
  })
  const tokens = made.tokens.length > 0 ? made.tokens : [options.token]
  const last = { ...where, token: tokens.at(-1) ?? '' }
  await holdsInARow(async () => (await openMcpClient(client.kind, last, mcpPath)) !== undefined, {
    otherwise: `${mcpPath} refuses a token that was made there`,
    signal: options.signal,
  })
  const site: Site = {
    name: options.name,
    origin,
    version: client.server,
    tokens,
    doors,
    clients: clients.map(({ kind }) => kind),
  }
  const owned = building.move()
  return { site, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const listsAll = (listed: readonly Listed[] | undefined, names: readonly string[]): boolean =>
  names.every((name) => listed?.some((each) => each.name === name))

interface Made {
  readonly tokens: readonly string[]
  readonly serverPath: string | null
  readonly gatewayPaths: readonly string[]
  readonly mine: (name: string) => boolean
}

function nothingMade({ say }: GatewaySiteOptions): Made {
  say('it has no REST API that we know: the load goes to the …wait tools that it lists, with the one token given')
  return { tokens: [], serverPath: null, gatewayPaths: [], mine: () => true }
}

async function makeAll(rest: Rest, options: GatewaySiteOptions, building: AsyncDisposableStack): Promise<Made> {
  const { simulator, scenario, say } = options
  const run = `lab-${randomBytes(3).toString('hex')}`
  const made: string[] = []
  if (options.keep !== true) building.defer(() => removeAll(options, made))
  const { gatewayIds, mine } = await register(rest, {
    simulator,
    upstreams: scenario.upstreams,
    run,
    made: (path) => void made.push(path),
  })
  say(`${gatewayIds.length} servers are registered`)
  await discovered(rest, gatewayIds, options.signal)
  const serverId = await makeServer(rest, gatewayIds, run)
  if (serverId !== null) made.unshift(`/servers/${serverId}`)
  const tokens = await makeTokens(rest, {
    count: scenario.loop.users,
    name: run,
    say,
    made: (id) => void made.push(`/tokens/${id}`),
  })
  if (tokens.length > 0) say(`${tokens.length} users have a token each`)
  return {
    tokens,
    serverPath: serverId === null ? null : `/servers/${serverId}/mcp`,
    gatewayPaths: gatewayIds.map((id) => `/gateways/${id}/mcp`),
    mine,
  }
}

async function discovered(rest: Rest, gatewayIds: readonly string[], signal: AbortSignal): Promise<void> {
  for (const id of gatewayIds) {
    const otherwise = `the gateway has registered ${id} and lists no tools of it`
    const isListed = async () => (await rest.all(`/tools?gateway_id=${id}&limit=5`)).length > 0
    await holdsInARow(isListed, { otherwise, signal, times: 1 })
  }
}

type Where = Parameters<typeof openMcpClient>[1]

async function clientsOf(where: Where, path: string): Promise<McpClient[]> {
  const clients: McpClient[] = []
  for (const kind of KINDS) {
    const client = await openMcpClient(kind, where, kind === 'rpc' ? '/rpc' : path)
    if (client !== undefined) clients.push(client)
  }
  return clients
}

async function doorsOf(
  client: McpClient,
  paths: { readonly aggregate: string; readonly server: string | null; readonly gateway: readonly string[] },
  mine: (name: string) => boolean,
): Promise<Site['doors']> {
  const at = async (path: string, own: (name: string) => boolean): Promise<readonly Door[]> => {
    const door = await doorAt(client, path, own)
    return door === undefined || door.tools.length === 0 ? [] : [door]
  }
  const aggregate = await at(paths.aggregate, mine)
  if (aggregate.length === 0)
    throw new Error(`${paths.aggregate} lists no tool of the simulator: register its servers there first`)
  const server = paths.server === null ? [] : await at(paths.server, mine)
  // Behind the endpoint of one upstream things have their own names.
  const gateway = (await Promise.all(paths.gateway.map((path) => at(path, () => true)))).flat()
  return { aggregate, server, gateway }
}

import type {
  GatewayId,
  PromptId,
  ResourceId,
  RoleId,
  ServerId,
  TeamId,
  TokenId,
  ToolId,
  UserId,
} from '../../src/access/ids.ts'
import { principalOf } from '../../src/access/principal-of.ts'
import type { Principal } from '../../src/access/principal.ts'
import type {
  CatalogGateway,
  CatalogPrompt,
  CatalogResource,
  CatalogServer,
  CatalogToken,
  CatalogTool,
  CatalogUser,
} from '../../src/catalog/model.ts'
import { administratorStanding, BUILT_IN_ORDERS, standingOf } from '#/access/standing.ts'

const hex = (prefix: string, n: number): string => prefix + n.toString(16).padStart(30, '0')

export const ids = {
  user: (n: number): UserId => hex('01', n) as UserId,
  token: (n: number): TokenId => hex('02', n) as TokenId,
  gateway: (n: number): GatewayId => hex('03', n) as GatewayId,
  tool: (n: number): ToolId => hex('04', n) as ToolId,
  prompt: (n: number): PromptId => hex('05', n) as PromptId,
  resource: (n: number): ResourceId => hex('06', n) as ResourceId,
  server: (n: number): ServerId => hex('07', n) as ServerId,
  team: (n: number): TeamId => hex('08', n) as TeamId,
  role: (n: number): RoleId => hex('09', n) as RoleId,
}

const PUBLIC = { ownerId: null, teamId: null, visibility: 'public' } as const

export const userThing = (n: number, over: Partial<CatalogUser> = {}): CatalogUser => ({
  id: ids.user(n),
  email: `u${n}@example.com`,
  enabled: true,
  memberships: [],
  assignments: [],
  ...over,
})

export const tokenThing = (n: number, over: Partial<CatalogToken> = {}): CatalogToken => ({
  id: ids.token(n),
  userId: ids.user(0),
  teamId: null,
  hash: hex('ff', n),
  permissions: null,
  serverId: null,
  expiresAt: null,
  limits: null,
  ...over,
})

export const gatewayThing = (n: number, over: Partial<CatalogGateway> = {}): CatalogGateway => ({
  ...PUBLIC,
  stdio: null,
  id: ids.gateway(n),
  name: `gateway ${n}`,
  slug: `gateway-${n}`,
  url: `http://127.0.0.1:9/${n}`,
  enabled: true,
  reachable: true,
  credential: null,
  passthroughHeaders: [],
  transport: null,
  caCertificate: null,
  clientCert: null,
  clientKey: null,
  httpVersion: null,
  timeoutMs: null,
  era: 'modern',
  revision: '2026-07-28',
  stateful: false,
  capabilities: null,
  serverInfo: null,
  instructions: null,
  version: 1,
  createdAt: n,
  ...over,
})

const item = (gateway: number, name: string) => ({
  ...PUBLIC,
  gatewayId: ids.gateway(gateway),
  enabled: true,
  definition: JSON.stringify({ name, inputSchema: { type: 'object' } }),
  digest: name,
  customTitle: null,
  customDescription: null,
  position: 0,
})

export const toolThing = (n: number, gateway: number, over: Partial<CatalogTool> = {}): CatalogTool => ({
  ...item(gateway, `tool_${n}`),
  id: ids.tool(n),
  name: `gateway-${gateway}-tool-${n}`,
  originalName: `tool_${n}`,
  paramHeaders: null,
  ...over,
})

export const promptThing = (n: number, gateway: number, over: Partial<CatalogPrompt> = {}): CatalogPrompt => ({
  ...item(gateway, `prompt_${n}`),
  id: ids.prompt(n),
  name: `gateway-${gateway}-prompt-${n}`,
  originalName: `prompt_${n}`,
  ...over,
})

export const resourceThing = (n: number, gateway: number, over: Partial<CatalogResource> = {}): CatalogResource => ({
  ...item(gateway, `resource ${n}`),
  id: ids.resource(n),
  isTemplate: false,
  uri: `test://resource/${n}`,
  createdAt: n,
  ...over,
  definition: JSON.stringify({
    name: `resource ${n}`,
    [over.isTemplate ? 'uriTemplate' : 'uri']: over.uri ?? `test://resource/${n}`,
  }),
})

export const serverThing = (n: number, over: Partial<CatalogServer> = {}): CatalogServer => ({
  ...PUBLIC,
  id: ids.server(n),
  name: `server ${n}`,
  description: null,
  enabled: true,
  tools: [],
  prompts: [],
  resources: [],
  version: 1,
  ...over,
})

/** Sees everything, or what a plain user sees; possibly narrowed to one virtual server. */
export function principalThing(over: { user?: number; isAdmin?: boolean; serverId?: ServerId } = {}): Principal {
  const { user = 0, isAdmin = true, serverId = null } = over
  const who = userThing(user)
  const standing = isAdmin ? administratorStanding(who) : standingOf(who, BUILT_IN_ORDERS, 0)
  return principalOf(tokenThing(user, { userId: who.id, serverId }), who, standing)
}

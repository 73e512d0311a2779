import { findNamed, findResource } from './lookup.ts'
import { LOCAL_GATEWAY } from './local.ts'
import type { CatalogGateway, CatalogPrompt, CatalogServer, CatalogTool } from './model.ts'
import type { Snapshot } from './snapshot.ts'
import type { CatalogState } from './state.ts'

function* upstreamsOf({ gateways }: CatalogState): Generator<CatalogGateway> {
  for (const gateway of gateways) if (gateway !== LOCAL_GATEWAY) yield gateway
}

function* serversOf({ servers }: CatalogState): Generator<CatalogServer> {
  for (const { server } of servers.values()) yield server
}

/** A state as the rest of the house sees it. */
export function viewOf(state: CatalogState): Snapshot {
  return {
    seq: state.seq,
    gateway: (id) => state.parts.get(id)?.gateway,
    gateways: () => upstreamsOf(state),
    server: (id) => state.servers.get(id)?.server,
    servers: () => serversOf(state),
    ordersStamp: state.ordersStamp,
    team: (id) => state.teams.get(id),
    teams: () => state.teams.values(),
    role: (id) => state.roles.get(id),
    roles: () => state.roles.values(),
    user: (id) => state.users.get(id),
    users: () => state.users.values(),
    userByEmail: (email) => state.usersByEmail.get(email),
    token: (hash) => state.tokensByHash.get(hash),
    tokenById: (id) => state.tokens.get(id),
    tokens: () => state.tokens.values(),
    tool: (id) => state.tools.byId.get(id),
    tools: () => state.tools.byId.values(),
    prompt: (id) => state.prompts.byId.get(id),
    prompts: () => state.prompts.byId.values(),
    resource: (id) => state.resources.byId.get(id),
    resources: () => state.resources.byId.values(),
    findTool: (scope, name, who) => findNamed<CatalogTool>(state, 'tools', { scope, name, who }),
    findPrompt: (scope, name, who) => findNamed<CatalogPrompt>(state, 'prompts', { scope, name, who }),
    findResource: (scope, uri, who) => findResource(state, uri, { scope, who }),
  }
}

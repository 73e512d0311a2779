import type { Route } from '#/api/endpoint.ts'

/** How the form that clients of this API know differs from the clean one, for one route. */
export interface Quirks {
  /** The body may also come as `{"<wrapper>": {…}}`, with siblings such as team_id beside it. */
  readonly wrapper?: string
  /** The status of success where it is not the endpoint's own. */
  readonly status?: number
  /** The member of the answer whose entity is in snake case, though entities are in camel case everywhere else. */
  readonly snake?: string
  /** Another path that leads here. */
  readonly alias?: Route
  /** What others' gateways offer and this one does not: refused where it asks for something, ignored where it asks for nothing. */
  readonly absent?: Readonly<Record<string, Absent>>
  /** Lists, as member and member within it, that say nothing where they are empty: forms send those of fields that nobody filled in. */
  readonly unsaid?: readonly (readonly [string, string])[]
}

export interface Absent {
  /** Values that ask for nothing. null, '', [] and {} never do. */
  readonly idle?: readonly unknown[]
  readonly why: string
}

const GATEWAY: Absent = { why: 'what a gateway offers comes with its discovery; declare a gateway instead' }
const PLUGINS: Absent = { why: 'plugins are not offered yet' }
const item = (noun: string): Quirks => ({ wrapper: noun, absent: { gatewayId: GATEWAY } })
const tool: Quirks = {
  wrapper: 'tool',
  absent: {
    gatewayId: GATEWAY,
    auth: { why: 'say authType with authToken, authUsername and authPassword, or authHeaders' },
    pluginChainPre: PLUGINS,
    pluginChainPost: PLUGINS,
  },
}

const gateway: Quirks = {
  wrapper: 'gateway',
  absent: {
    oauthConfig: { why: 'OAuth towards upstreams is not offered yet' },
    authQueryParamKey: { why: 'credentials in the query are not offered: send them in a header' },
    authQueryParamValue: { why: 'credentials in the query are not offered: send them in a header' },
    gatewayMode: { idle: ['cache'], why: 'only cache is offered' },
    identityPropagation: { why: 'passing identities on is not offered yet' },
    caCertificateSig: { why: 'signatures of certificates are not checked' },
    signingAlgorithm: { idle: ['ed25519'], why: 'signatures of certificates are not checked' },
  },
}

const server: Quirks = {
  wrapper: 'server',
  absent: {
    associatedA2aAgents: { why: 'there are no A2A agents yet' },
    oauthEnabled: { idle: [false], why: 'OAuth for virtual servers is not offered yet' },
    oauthConfig: { why: 'OAuth for virtual servers is not offered yet' },
  },
}

const VERIFIED: Absent = { idle: [true, false], why: 'it is what an identity provider said' }
const user: Quirks = { absent: { emailVerified: VERIFIED } }

const role: Quirks = {
  absent: {
    inheritsFrom: { why: 'roles do not inherit here: list every permission under permissions' },
    isSystemRole: { idle: [false], why: 'built-in roles come with the gateway' },
    isActive: { idle: [true], why: 'a role is switched off by deleting it, or by taking it from who holds it' },
  },
}

/** A thing's switch, at its own path and at the older one. */
function state(plural: string, nested: Pick<Quirks, 'snake'> = {}): readonly (readonly [Route, Quirks])[] {
  const alias: Route = `POST /${plural}/{id}/toggle`
  return [
    [`POST /${plural}/{id}/state`, { ...nested, alias }],
    [alias, nested],
  ]
}

const token: Quirks = { unsaid: [['scope', 'permissions']] }

/** Everything that is peculiar, by route. What is not listed has one form. */
export const QUIRKS: ReadonlyMap<string, Quirks> = new Map<Route, Quirks>([
  ['POST /auth/email/admin/users', user],
  ['PATCH /auth/email/admin/users/{email}', user],
  ['PUT /auth/email/admin/users/{email}', user],
  ['POST /rbac/roles', role],
  ['PUT /rbac/roles/{id}', role],
  ['POST /gateways', { ...gateway, status: 200 }],
  ['PUT /gateways/{id}', gateway],
  ...state('gateways', { snake: 'gateway' }),
  ['POST /servers', server],
  ['PUT /servers/{id}', server],
  ...state('servers'),
  ['POST /tools', { ...tool, status: 200 }],
  ['PUT /tools/{id}', { wrapper: 'tool' }],
  ...state('tools', { snake: 'tool' }),
  ['POST /resources', { ...item('resource'), status: 200 }],
  ['PUT /resources/{id}', { wrapper: 'resource' }],
  ...state('resources', { snake: 'resource' }),
  ['POST /prompts', { ...item('prompt'), status: 200 }],
  ['PUT /prompts/{id}', { wrapper: 'prompt' }],
  ...state('prompts', { snake: 'prompt' }),
  ['POST /roots', { status: 200 }],
  ['POST /tokens', token],
  ['PUT /tokens/{id}', token],
  ['POST /tokens/teams/{team_id}', token],
])

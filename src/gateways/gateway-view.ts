import { Type } from '#/api/type.ts'
import { auditFields } from '#/api/provenance.ts'
import { exactJson } from '#/lib/exact-json.ts'
import { MASK } from '#/lib/mask.ts'
import { shownArguments } from '#/lib/shown-arguments.ts'
import { shownUrl } from '#/lib/shown-url.ts'
import { expiryOf } from './dial-options.ts'
import type { Gateway } from './gateway.ts'

/** A gateway as clients see it: every field always there, in this order; secrets masked. */
export function gatewayView(gateway: Gateway): Record<string, unknown> {
  const { state } = gateway
  return {
    id: gateway.id,
    name: gateway.name,
    url: gateway.url === null ? null : shownUrl(gateway.url),
    ...stdioView(gateway.stdio),
    description: gateway.description,
    transport: gateway.transport ?? state.transport ?? 'STREAMABLEHTTP',
    capabilities: state.capabilities === null ? {} : exactJson(state.capabilities),
    createdAt: gateway.createdAt,
    updatedAt: gateway.updatedAt,
    ...stateFields(gateway),
    passthroughHeaders: gateway.passthroughHeaders.length === 0 ? null : gateway.passthroughHeaders,
    caCertificate: gateway.caCertificate,
    caCertificateSig: null,
    signingAlgorithm: 'ed25519',
    clientCert: gateway.clientCert,
    clientKey: masked(gateway.clientKey !== null),
    ...authFields(gateway),
    teamId: gateway.teamId,
    team: null,
    ownerEmail: gateway.ownerEmail,
    visibility: gateway.visibility,
    ...auditFields(gateway),
    slug: gateway.slug,
    refreshIntervalSeconds: gateway.refreshIntervalSeconds,
    lastRefreshAt: state.lastRefreshAt,
    gatewayMode: 'cache',
    identityPropagation: null,
    toolCount: gateway.counts.tools,
    promptCount: gateway.counts.prompts,
    resourceCount: gateway.counts.resources,
    skippedTools: [],
    timeoutMs: gateway.timeoutMs,
    clientCertExpiresAt: expiryOf(gateway),
    httpVersion: gateway.httpVersion ?? '1.1',
    era: state.era,
    protocolVersion: state.revision,
    eraEvidence: state.eraEvidence,
    eraCheckedAt: state.eraAt,
  }
}

function stdioView(stdio: Gateway['stdio']): Record<string, unknown> {
  if (stdio === null) return {}
  const { command, args, envNames, cwd, sharing } = stdio
  return {
    command,
    args: shownArguments(args),
    env: Object.fromEntries(envNames.map((name) => [name, MASK])),
    cwd,
    sharing,
  }
}

function stateFields({ enabled, state }: Gateway): Record<string, unknown> {
  return {
    status: state.status,
    statusMessage: statusMessage(state),
    registrationAttempts: state.registrationAttempts,
    nextRetryAt: state.status === 'pending' || state.lastError !== null ? state.nextCheckAt : null,
    lastError: state.lastError,
    lifecycleClaimedBy: state.claimedBy,
    lifecycleClaimedAt: state.claimedAt,
    lifecycleClaimExpiresAt: state.claimExpiresAt,
    enabled,
    reachable: state.reachable,
    lastSeen: state.lastSeen,
  }
}

function statusMessage(state: Gateway['state']): string | null {
  if (state.status === 'pending') return 'not reached yet; it is tried again by itself'
  return state.reachable ? null : 'not reachable at the moment; it is tried again by itself'
}

function authFields({ authType, authHint, tags }: Gateway): Record<string, unknown> {
  const names = authHint?.headers ?? []
  return {
    authType,
    authValue: masked(authType !== null),
    authHeaders: authType === 'authheaders' ? names.map((key) => ({ key, value: MASK })) : null,
    authHeadersUnmasked: null,
    oauthConfig: null,
    authQueryParamKey: null,
    authQueryParamValueMasked: null,
    authUsername: authHint?.username ?? null,
    authPassword: masked(authType === 'basic'),
    authToken: masked(authType === 'bearer'),
    authHeaderKey: authType === 'authheaders' ? (names[0] ?? null) : null,
    authHeaderValue: masked(authType === 'authheaders'),
    tags,
    authPasswordUnmasked: null,
    authTokenUnmasked: null,
    authHeaderValueUnmasked: null,
  }
}

const masked = (shown: boolean): string | null => (shown ? MASK : null)

const Null = Type.Null()
const Text = Type.Union([Type.String(), Null])
const Time = Type.Union([Type.String({ format: 'date-time' }), Null])

export const GatewayView = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    url: Text,
    command: Type.Optional(Type.String({ description: 'Only of transport STDIO, as are args, env, cwd and sharing' })),
    args: Type.Optional(Type.Array(Type.String())),
    env: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'Masked' })),
    cwd: Type.Optional(Text),
    sharing: Type.Optional(Type.String()),
    description: Text,
    transport: Type.String(),
    capabilities: Type.Unknown(),
    createdAt: Time,
    updatedAt: Time,
    status: Type.String({ description: 'pending (never reached) or active' }),
    statusMessage: Text,
    registrationAttempts: Type.Integer(),
    nextRetryAt: Time,
    lastError: Text,
    enabled: Type.Boolean(),
    reachable: Type.Boolean(),
    lastSeen: Time,
    passthroughHeaders: Type.Union([Type.Array(Type.String()), Null]),
    authType: Text,
    tags: Type.Array(Type.Unknown()),
    ownerEmail: Text,
    visibility: Type.String(),
    version: Type.Integer(),
    slug: Type.String(),
    refreshIntervalSeconds: Type.Union([Type.Integer(), Null]),
    toolCount: Type.Integer(),
    promptCount: Type.Integer(),
    resourceCount: Type.Integer(),
    timeoutMs: Type.Union([Type.Integer(), Null]),
    clientCert: Text,
    clientKey: Type.Union([Type.String({ description: 'Masked' }), Null]),
    clientCertExpiresAt: Time,
    httpVersion: Type.String({ description: '1.1 or 2' }),
    era: Text,
    protocolVersion: Text,
  },
  { title: 'Gateway', description: 'An upstream MCP server. Also: who created and modified it, masked credentials.' },
)

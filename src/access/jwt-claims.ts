import { GatewayId, ServerId, TeamId } from './ids.ts'
import { impliesUse, permissionsNamed } from './permission-names.ts'
import { SERVER_PERMISSIONS, type Permission } from './permissions.ts'
import type { UnverifiedJwt } from './jwt.ts'
import { scopesIn } from './jwt-scopes.ts'

/** Whose tokens are accepted, and for what. */
export interface JwtRules {
  readonly issuer: string
  /** Names the API as a whole. */
  readonly audience: string
  /** Under which clients reach us: an MCP endpoint's URL is an audience too (RFC 8707). null: none is. */
  readonly publicUrl: string | null
  /** The issuer is the operator's own program, which need not say that it verified an address. */
  readonly trustsAddresses: boolean
}

/** What a token says, as far as it matters here. It can only narrow what its user may. */
export interface JwtMeaning {
  readonly email: string
  readonly expiresAt: number
  readonly teamId: TeamId | null
  readonly serverId: ServerId | null
  readonly gatewayId: GatewayId | null
  readonly permissions: readonly Permission[] | null
}

/** The last second that a Date can say, without what clocks may differ: a token beyond it would never end. */
const LAST_S = 8_639_999_990_000

/** Clocks differ. */
export const SKEW_S = 30
/** So much longer than it says is a token good here. */
export const SKEW_MS = SKEW_S * 1000

/** What the claims mean, or why they mean nothing. */
export function meaningOf({ claims }: UnverifiedJwt, rules: JwtRules, nowMs: number): JwtMeaning | string {
  const now = nowMs / 1000
  if (claims['iss'] !== rules.issuer) return 'it is of another issuer'
  const reach = reachOf(claims['aud'], rules)
  if (reach === null) return 'it is for another audience'
  const { exp, nbf, iat } = claims
  if (typeof exp !== 'number') return 'it does not say when it expires (exp)'
  if (exp > LAST_S) return 'it expires at no time that there is (exp)'
  if (exp + SKEW_S <= now) return 'it has expired'
  for (const from of [nbf, iat]) {
    if (from !== undefined && typeof from !== 'number') return 'its times are not numbers'
    if (typeof from === 'number' && from - SKEW_S > now) return 'it is not valid yet'
  }
  // Whoever has such a token without its key could use it here (RFC 7800): what is not looked at is not promised either.
  if (claims['cnf'] !== undefined) return 'it is bound to a key (cnf), which is not looked at here'
  const email = addressIn(claims, rules)
  if (email === null) return 'it names no user by an e-mail address that was verified'
  const teamId = teamIn(claims['teams'])
  if (teamId === undefined) return 'its teams are no single team: a token is for one team, or says nothing of teams'
  const scopes = scopesIn(claims)
  if (typeof scopes === 'string') return scopes
  const within = withinServer(reach, scopes.serverId)
  if (within === null) return 'its audience is one endpoint, and its scopes name another'
  return { email, expiresAt: (exp + SKEW_S) * 1000, teamId, ...narrowedTo(reach, within, scopes.names) }
}

type Endpoint = Pick<JwtMeaning, 'serverId' | 'gatewayId'>

/** Everything, the use of MCP, or of one MCP endpoint of a virtual server or a gateway. */
type Reach = 'all' | 'mcp' | Endpoint

function reachOf(aud: unknown, { audience, publicUrl }: JwtRules): Reach | null {
  const named = (Array.isArray(aud) ? (aud as readonly unknown[]) : [aud]).filter((one) => typeof one === 'string')
  if (named.includes(audience)) return 'all'
  if (publicUrl === null) return null
  for (const one of named) {
    if (!one.startsWith(`${publicUrl}/`)) continue
    const path = one.slice(publicUrl.length)
    if (path === '/mcp') return 'mcp'
    const [, noun, id] = /^\/(servers|gateways)\/([0-9a-f]{32})\/mcp$/.exec(path) ?? []
    if (noun === 'servers' && ServerId.is(id)) return { serverId: id, gatewayId: null }
    if (noun === 'gateways' && GatewayId.is(id)) return { serverId: null, gatewayId: id }
  }
  return null
}

function addressIn(claims: UnverifiedJwt['claims'], { trustsAddresses }: JwtRules): string | null {
  const { email, email_verified: verified, sub } = claims
  if (verified === false) return null
  if (typeof email === 'string') return verified === true || trustsAddresses ? email : null
  return trustsAddresses && typeof sub === 'string' && sub.includes('@') ? sub : null
}

/** null: it says nothing of teams; undefined: it says what a token cannot mean. */
function teamIn(teams: unknown): TeamId | null | undefined {
  if (teams === undefined || teams === null) return null
  const [only, ...others] = Array.isArray(teams) ? (teams as readonly unknown[]) : []
  return TeamId.is(only) && others.length === 0 ? only : undefined
}

/** The one endpoint that a token is for, by its audience or its scopes; null: they name two. */
function withinServer(reach: Reach, serverId: ServerId | null): Endpoint | null {
  const named = typeof reach === 'string' ? { serverId: null, gatewayId: null } : reach
  if (serverId === null || serverId === named.serverId) return named
  return typeof reach === 'string' ? { serverId, gatewayId: null } : null
}

function narrowedTo(
  reach: Reach,
  endpoint: Endpoint,
  scopes: readonly string[] | null,
): Pick<JwtMeaning, 'serverId' | 'gatewayId' | 'permissions'> {
  const widest = reach === 'all' ? null : SERVER_PERMISSIONS
  if (scopes === null || scopes.includes('*')) return { ...endpoint, permissions: widest && [...widest] }
  const named = scopes.flatMap(permissionsNamed).filter((each) => widest === null || widest.has(each))
  return { ...endpoint, permissions: [...new Set([...named, ...(impliesUse(named) ? USE : [])])] }
}

const USE = ['servers.use'] as const

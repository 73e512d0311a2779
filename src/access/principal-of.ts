import { GatewayError } from '#/errors/gateway-error.ts'
import { hash as digest } from 'node:crypto'
import { CameFrom } from './came-from.ts'
import { emailKey } from '#/lib/email-key.ts'
import type { GatewayId, RoleId, ServerId, TeamId, TokenId, UserId } from './ids.ts'
import type { Permission } from './permissions.ts'
import type { HeldRoles, Principal } from './principal.ts'
import { ProxiedUsers } from './proxied-users.ts'
import type { Role } from './roles.ts'
import { standingOf, type KnownUser, type Orders, type Standing } from './standing.ts'
import { tokenForm, tokenHash } from './token-format.ts'
import { gatesFor, type Caller, type TokenLimits, type Usage } from './token-limits.ts'
import { visibilityClass } from './visibility.ts'
import type { Addresses, ForeignTokens } from './foreign-tokens.ts'

/** What is known of a live token. Immutable: a changed token is another object. */
export interface LiveToken {
  readonly id: TokenId
  readonly userId: UserId
  readonly teamId: TeamId | null
  readonly permissions: readonly Permission[] | null
  readonly serverId: ServerId | null
  /** Absent: not narrowed to one gateway's endpoint. No token of ours is. */
  readonly gatewayId?: GatewayId | null
  /** ms since the epoch; null: never. */
  readonly expiresAt: number | null
  readonly limits: TokenLimits | null
}

/** What identity needs of the catalog's snapshot. */
export interface Directory extends Addresses {
  /** By SHA-256 of the token, hex. Revoked and inactive tokens are not here. */
  token(hash: string): LiveToken | undefined
  tokenById(id: TokenId): LiveToken | undefined
  user(id: string): KnownUser | undefined
  /** Teams that people share: personal ones are not here. */
  team(id: TeamId): object | undefined
  role(id: RoleId): Role | undefined
  /** Changes with any team and any role: what was made of them is to be made anew. */
  readonly ordersStamp: number
}

export interface LiveDirectory {
  readonly current: Directory
  /** Since the database last confirmed that `current` is current. */
  readonly ageMs: number
}

export interface Identify {
  /** `caller`: whatever lives as long as the caller's connection, on which the same token comes again and again. */
  (token: string, caller?: Caller): Principal
  /** Whom a proxy that is trusted names, as often as it does. */
  named(emails: readonly string[]): Principal
  /** Which live token of ours this is, whether it is good for its bearer now or not; undefined: none. */
  tokenIn(token: string): TokenId | undefined
  /** Whether somebody has this address here. */
  isUser(email: string): boolean
  /** Whoever called before, as it is now: the same object where nothing changed. Throws where there is none any more. */
  again(principal: Principal): Principal
  /** Resolves when a token can be judged; undefined: at once, or there are no tokens that take time. */
  readonly worthWaiting?: (token: string) => Promise<void> | undefined
  /** Until when the token of somebody else's says that it is good, ms since the epoch; null: it has no end; undefined: it is one of ours. */
  readonly foreignEnd: (principal: Principal) => number | null | undefined
}

export interface IdentifyOptions {
  /** A snapshot that nobody has confirmed for longer opens no door. */
  readonly maxAgeMs: number
  /** Counts the calls of tokens that are limited in them. */
  readonly usage?: Usage
  /** Tokens that somebody else signed; absent: none are accepted. */
  readonly foreign?: ForeignTokens | undefined
  readonly now?: () => number
}

interface Made {
  readonly user: KnownUser
  readonly stamp: number
  readonly until: number
  readonly principal: Principal
}

/**
 * Turns bearer tokens into principals: one hash and two look-ups in the current snapshot on each call. The principal itself is made
 * once per token, user, teams and roles as they are now; when any of them changes, or a role ends, so does the principal.
 */
export function identifier(directory: LiveDirectory, options: IdentifyOptions): Identify {
  const { maxAgeMs, usage, now = Date.now, foreign } = options
  const gateFor = gatesFor(usage?.require ?? (() => undefined))
  const { principalFor, tokenOf } = principals()
  const proxied = new ProxiedUsers()
  const cameFrom = new CameFrom()
  const hashOf = remembering()
  const current = (): Directory => {
    if (directory.ageMs > maxAgeMs) throw stale()
    return directory.current
  }
  const identify = (text: string, caller?: Caller): Principal => {
    const snapshot = current()
    const at = now()
    const hash = hashOf(text, caller)
    const token = snapshot.token(hash) ?? foreign?.find(text, hash, { users: snapshot, now: at })
    if (token === undefined) throw unknown(text)
    const principal = principalFor(token, snapshot, at)
    if (token.limits === null) return principal
    return cameFrom.at(principal, gateFor(token, token.limits).enter(caller, at))
  }
  const again = (before: Principal): Principal => {
    const snapshot = current()
    const at = now()
    const token = snapshot.tokenById(before.tokenId) ?? proxied.byId(before.tokenId) ?? foreignAgain(before, snapshot)
    if (token === undefined) throw invalid(WHY_GONE)
    const principal = principalFor(token, snapshot, at)
    if (token.limits === null) return principal
    return cameFrom.at(principal, gateFor(token, token.limits).stay(cameFrom.of(before), at))
  }
  const foreignAgain = (before: Principal, snapshot: Directory): LiveToken | undefined => {
    const token = tokenOf.get(before)
    return token && foreign?.again(token, snapshot)
  }
  const foreignEnd = (principal: Principal): number | null | undefined => {
    const token = tokenOf.get(principal)
    if (token !== undefined && proxied.byId(token.id) !== undefined) return null
    return token && foreign?.endOf(token)
  }
  const named = (emails: readonly string[]): Principal => {
    const snapshot = current()
    return principalFor(proxied.find(emails, snapshot), snapshot, now())
  }
  const isUser = (email: string): boolean => directory.current.userByEmail(emailKey(email.trim())) !== undefined
  const tokenIn = (text: string): TokenId | undefined => directory.current.token(hashOf(text, undefined))?.id
  const worthWaiting = (text: string): Promise<void> | undefined => {
    const token = directory.current.token(hashOf(text, undefined))
    return token === undefined ? foreign?.worthWaiting(text) : usage?.worthWaiting(token.id)
  }
  return Object.assign(identify, {
    named,
    tokenIn,
    isUser,
    again,
    foreignEnd,
    ...((foreign ?? usage) && { worthWaiting }),
  })
}

/** What principals are made for, and which token each was made for. */
function principals() {
  const made = new WeakMap<LiveToken, Made>()
  const tokenOf = new WeakMap<Principal, LiveToken>()
  const principalFor = (token: LiveToken, snapshot: Directory, at: number): Principal => {
    if (token.expiresAt !== null && token.expiresAt <= at) throw expired(token.expiresAt)
    const user = snapshot.user(token.userId)
    if (user === undefined) throw invalid(WHY_UNKNOWN)
    if (!user.enabled) throw new GatewayError('unauthenticated', 'Account disabled', { isBadToken: true })
    const known = made.get(token)
    if (known?.user === user && known.stamp === snapshot.ordersStamp && at < known.until) return known.principal
    const standing = standingOf(user, ordersOf(snapshot), at)
    requireTeam(token, standing, snapshot)
    const principal = principalOf(token, user, standing)
    made.set(token, { user, stamp: snapshot.ordersStamp, until: standing.until, principal })
    tokenOf.set(principal, token)
    return principal
  }
  return { principalFor, tokenOf }
}

/** The teams and roles of a snapshot. */
export function ordersOf(snapshot: Pick<Directory, 'team' | 'role'>): Orders {
  return { hasTeam: (id) => snapshot.team(id) !== undefined, role: (id) => snapshot.role(id) }
}

/** A token of a team is good while its user is in that team; an administrator's, while there is that team. */
function requireTeam({ teamId }: LiveToken, { isAdmin, teams }: Standing, snapshot: Directory): void {
  if (teamId === null || teams.includes(teamId) || (isAdmin && snapshot.team(teamId) !== undefined)) return
  throw invalid("the token's user is no longer a member of the token's team")
}

/** The hash of a connection's last token: nothing of it outlives the connection. */
function remembering(): (text: string, connection: object | undefined) => string {
  const last = new WeakMap<object, { readonly text: string; readonly hash: string }>()
  return (text, connection) => {
    const known = connection && last.get(connection)
    if (known?.text === text) return known.hash
    const hash = tokenHash(text)
    if (connection !== undefined) last.set(connection, { text, hash })
    return hash
  }
}

/** The principal of a live token of an enabled user. */
export function principalOf(token: LiveToken, user: KnownUser, standing: Standing): Principal {
  const { userId, teamId, serverId } = token
  const { isAdmin, teams } = standing
  return Object.freeze({
    userId,
    email: user.email,
    isAdmin: isAdmin && teamId === null,
    roles: rolesFor(standing, teamId),
    tokenId: token.id,
    permissions: token.permissions === null ? null : new Set(token.permissions),
    serverId,
    gatewayId: token.gatewayId ?? null,
    teamId,
    visibilityClass: visibilityClass({ userId, isAdmin, teams, teamId, serverId }),
    key: keyOf(token),
  })
}

/** A token of a team leaves of its user's roles those in that team; what is held in the platform counts in that team only. */
function rolesFor({ platform, byTeam }: Standing, teamId: TeamId | null): HeldRoles {
  if (teamId === null) return { platform, byTeam }
  return { platform: [], byTeam: new Map([[teamId, [...platform, ...(byTeam.get(teamId) ?? [])]]]) }
}

/**
 * The user and everything that narrows. Permissions are sorted, so that their order in a request makes no other principal, and
 * hashed, because the key is part of many others.
 */
function keyOf({ userId, teamId, serverId, gatewayId, permissions }: LiveToken): string {
  const parts: string[] = [userId]
  if (teamId !== null) parts.push(`team:${teamId}`)
  if (serverId !== null) parts.push(`server:${serverId}`)
  if (gatewayId != null) parts.push(`gateway:${gatewayId}`)
  if (permissions !== null) {
    const sorted = [...new Set(permissions)].toSorted().join(',')
    parts.push(`may:${digest('sha256', sorted, 'base64url').slice(0, 22)}`)
  }
  return parts.join('/')
}

function unknown(text: string): GatewayError {
  return invalid(tokenForm(text) === 'mistyped' ? 'the token is mistyped: its checksum does not match' : WHY_UNKNOWN)
}

const WHY_UNKNOWN = 'the token is unknown here, was revoked or is switched off'
const WHY_GONE = 'the token was revoked or switched off'

function expired(at: number): GatewayError {
  return invalid(`the token expired at ${new Date(at).toISOString()}`)
}

function invalid(why: string): GatewayError {
  return new GatewayError('unauthenticated', `Invalid authentication credentials: ${why}`, { isBadToken: true })
}

function stale(): GatewayError {
  const message = 'the database has been out of reach for so long that tokens can no longer be trusted; try again later'
  return new GatewayError('unavailable', message, { retryAfter: 5 })
}

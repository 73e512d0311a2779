import { decide } from '#/access/decide.ts'
import { TokenId, type TeamId } from '#/access/ids.ts'
import type { ItemKind, OfferedThing, OfferingThing, Otherwise, SelectingThing } from '#/access/otherwise.ts'
import type { Permission } from '#/access/permissions.ts'
import { principalOf, type LiveToken } from '#/access/principal-of.ts'
import type { Principal } from '#/access/principal.ts'
import { standingOf, type KnownUser, type Orders, type Standing } from '#/access/standing.ts'
import type { AnyItem } from './model.ts'
import type { Snapshot } from './snapshot.ts'

/** One of the two that are compared: a snapshot, but for what is otherwise, at a time. */
export interface Side {
  /** Who comes with this token; null: nobody is let in. */
  who(token: LiveToken): Principal | null
  /** Who comes with a token that narrows nothing. */
  self(userId: string): Principal | null
  token(id: string): LiveToken | undefined
  gateway(id: string): OfferingThing | undefined
  item(id: string): OfferedThing | undefined
  server(id: string): SelectingThing | undefined
}

export function sideOf(snapshot: Snapshot, other: Otherwise, at: number): Side {
  const orders: Orders = {
    hasTeam: (id) => other.teams?.get(id) ?? snapshot.team(id) !== undefined,
    role: (id) => instead(other.roles, id, () => snapshot.role(id)),
  }
  const user = (id: string): KnownUser | undefined => instead(other.users, id, () => snapshot.user(id))
  const standing = lastStanding(orders, at)
  const servers = new Map<string, SelectingThing | undefined>()
  const who = (token: LiveToken): Principal | null => {
    const known = user(token.userId)
    if (known?.enabled !== true || (token.expiresAt !== null && token.expiresAt <= at)) return null
    const standsFor = standing(known)
    return isOfTeam(token.teamId, standsFor, orders) ? principalOf(token, known, standsFor) : null
  }
  return {
    who,
    self: (userId) => {
      const known = user(userId)
      return known === undefined ? null : who({ ...NOTHING_NARROWED, userId: known.id })
    },
    token: (id) => instead(other.tokens, id, () => (TokenId.is(id) ? snapshot.tokenById(id) : undefined)),
    gateway: (id) => instead(other.gateways, id, () => snapshot.gateway(id)),
    item: (id) => instead(other.items, id, () => movedItem(itemIn(snapshot, id), other)),
    server: (id) => {
      if (!servers.has(id))
        servers.set(
          id,
          instead(other.servers, id, () => selectionIn(snapshot, id)),
        )
      return servers.get(id)
    },
  }
}

const NOTHING_NARROWED: Omit<LiveToken, 'userId'> = {
  id: TokenId.mint(),
  teamId: null,
  permissions: null,
  serverId: null,
  expiresAt: null,
  limits: null,
}

/** What stands in place of what is, where something does. */
export function instead<T>(
  other: ReadonlyMap<string, T | null> | undefined,
  id: string,
  is: () => T | undefined,
): T | undefined {
  const found = other?.get(id)
  return found === undefined ? is() : (found ?? undefined)
}

/** Tokens of one user come one after another. */
function lastStanding(orders: Orders, at: number): (user: KnownUser) => Standing {
  let last: { readonly user: KnownUser; readonly standing: Standing } | undefined
  return (user) => {
    if (last?.user !== user) last = { user, standing: standingOf(user, orders, at) }
    return last.standing
  }
}

/** As for whoever comes: a token of a team is good for its members, and an administrator's while there is that team. */
function isOfTeam(teamId: TeamId | null, { isAdmin, teams }: Standing, orders: Orders): boolean {
  return teamId === null || teams.includes(teamId) || (isAdmin && orders.hasTeam(teamId))
}

function movedItem(item: OfferedThing | undefined, { moved }: Otherwise): OfferedThing | undefined {
  const move = item && moved?.get(item.gatewayId)
  return item && move ? { ...item, ...move(item) } : item
}

export function itemIn(snapshot: Snapshot, id: string): OfferedThing | undefined {
  const tool = snapshot.tool(id)
  if (tool !== undefined) return offered('tool', tool)
  const prompt = snapshot.prompt(id)
  if (prompt !== undefined) return offered('prompt', prompt)
  const resource = snapshot.resource(id)
  return resource && offered('resource', resource)
}

export function itemsOf(snapshot: Snapshot, kind: ItemKind): Iterable<AnyItem> {
  if (kind === 'tool') return snapshot.tools()
  return kind === 'prompt' ? snapshot.prompts() : snapshot.resources()
}

export function offered(kind: ItemKind, item: AnyItem): OfferedThing {
  const { id, gatewayId, enabled, ownerId, teamId, visibility } = item
  const name = 'uri' in item ? item.uri : item.name
  return { id, kind, name, gatewayId, enabled, ownerId, teamId, visibility }
}

export function selectionIn(snapshot: Snapshot, given: string): SelectingThing | undefined {
  const server = snapshot.server(given)
  if (server === undefined) return undefined
  const { id, name, enabled, ownerId, teamId, visibility, tools, prompts, resources } = server
  const items = new Set<string>()
  for (const list of [tools, prompts, resources]) for (const item of list) items.add(item.id)
  return { id, name, enabled, ownerId, teamId, visibility, items }
}

const USE: Readonly<Record<ItemKind, Permission>> = {
  tool: 'tools.execute',
  prompt: 'prompts.read',
  resource: 'resources.read',
}

export interface Offer {
  readonly item: OfferedThing | undefined
  readonly gateway: OfferingThing | undefined
}

/** Whether it can be used: it and its gateway are there, switched on and seen, and the function that decides says so. */
export function mayUse(who: Principal | null, { item, gateway }: Offer): boolean {
  if (who === null || item?.enabled !== true || gateway?.enabled !== true) return false
  return who.visibilityClass.sees(gateway) && decide(who, USE[item.kind], item).may
}

/** Whether a virtual server lets this principal in. */
export function mayEnter(who: Principal | null, server: SelectingThing | undefined): boolean {
  return who !== null && server?.enabled === true && decide(who, 'servers.use', server).may
}

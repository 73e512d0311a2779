import { decide } from '#/access/decide.ts'
import { TokenId, type TeamId } from '#/access/ids.ts'
import { principalOf } from '#/access/principal-of.ts'
import type { Principal } from '#/access/principal.ts'
import type { Role } from '#/access/roles.ts'
import { standingOf, type KnownUser } from '#/access/standing.ts'
import { pace } from '#/lib/pace.ts'
import type { CatalogTool } from './model.ts'
import type { Snapshot } from './snapshot.ts'

/** What would be another than it is; null: gone. */
export interface Supposed {
  readonly user?: { readonly id: string; readonly to: KnownUser | null }
  readonly role?: { readonly id: string; readonly to: Role | null }
  /** A team that would be gone. */
  readonly teamGone?: TeamId
}

export interface Effect {
  readonly user: string
  readonly toolId: string
  readonly tool: string
}

/** Who could call which tool besides, and who no longer. */
export interface Effects {
  readonly gains: readonly Effect[]
  readonly loses: readonly Effect[]
  /** Users whose access was compared. */
  readonly users: number
  /** False: there are more than are told. */
  readonly isComplete: boolean
}

const MOST = 1_000

/**
 * Who gains and who loses the use of which tool, if this were so: every user that it concerns is asked about every tool, before and
 * after, by the function that decides. Told is what `asking` itself sees. In slices, which requests pass.
 */
export async function effectsOf(snapshot: Snapshot, supposed: Supposed, asking: Principal): Promise<Effects> {
  const slice = pace()
  const tools = [...snapshot.tools()].filter((tool) => asking.visibilityClass.sees(tool))
  const found = { gains: [] as Effect[], loses: [] as Effect[] }
  let users = 0
  for (const user of snapshot.users()) {
    if (slice.due()) await slice.rest()
    if (!concerns(supposed, user)) continue
    users++
    const [before, after] = [callerOf(snapshot, user, {}), callerOf(snapshot, user, supposed)]
    for (const tool of tools) {
      if (slice.due()) await slice.rest()
      const [did, would] = [mayCall(snapshot, before, tool), mayCall(snapshot, after, tool)]
      if (did === would) continue
      if (found.gains.length + found.loses.length === MOST) return { ...found, users, isComplete: false }
      found[would ? 'gains' : 'loses'].push({ user: user.email, toolId: tool.id, tool: tool.name })
    }
  }
  return { ...found, users, isComplete: true }
}

function concerns({ user, role, teamGone }: Supposed, one: KnownUser): boolean {
  if (user?.id === one.id) return true
  if (role !== undefined && one.assignments.some(({ roleId }) => roleId === role.id)) return true
  return teamGone !== undefined && one.memberships.some(({ teamId }) => teamId === teamGone)
}

/** Whoever comes with a token that narrows nothing; null: nobody comes. */
function callerOf(snapshot: Snapshot, one: KnownUser, { user, role, teamGone }: Supposed): Principal | null {
  const known = user?.id === one.id ? user.to : one
  if (known === null || !known.enabled) return null
  const orders = {
    hasTeam: (id: TeamId) => id !== teamGone && snapshot.team(id) !== undefined,
    role: (id: Role['id']) => (role?.id === id ? (role.to ?? undefined) : snapshot.role(id)),
  }
  const unlimited = { teamId: null, permissions: null, serverId: null, expiresAt: null, limits: null }
  const token = { id: TokenId.mint(), userId: known.id, ...unlimited }
  return principalOf(token, known, standingOf(known, orders, Date.now()))
}

function mayCall(snapshot: Snapshot, who: Principal | null, tool: CatalogTool): boolean {
  if (who === null || !tool.enabled) return false
  const gateway = snapshot.gateway(tool.gatewayId)
  if (gateway?.enabled !== true || !who.visibilityClass.sees(gateway)) return false
  return decide(who, 'tools.execute', tool).may
}

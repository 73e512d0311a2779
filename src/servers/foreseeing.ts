import type { Otherwise, SelectingThing } from '#/access/otherwise.ts'
import { foreseen } from '#/api/dry-run.ts'
import type { Reply } from '#/api/endpoint.ts'
import type { ServerId } from '#/access/ids.ts'
import { changedServer, madeServer, stale, type ChangeInput, type MakeInput } from './make-server.ts'
import type { Server, ServerDeps } from './server.ts'

/** What it would do to make a virtual server. Refused is what making it is refused for. */
export async function foreseeNewServer(deps: ServerDeps, input: MakeInput): Promise<Reply> {
  const asking = input.grant.principal
  const { id, declaration, items, server } = await madeServer(deps, deps.rehearsal, input)
  if (server !== undefined) return await foreseen(deps, {}, { asking })
  const then = { id, enabled: true, ownerId: asking.userId, ...declaration }
  return await foreseen(deps, serverThen(then, items), { asking })
}

/** What it would do to hide or show a virtual server, or to let it offer something else. */
export async function foreseeServer(deps: ServerDeps, id: ServerId, input: ChangeInput): Promise<Reply> {
  const asking = input.principal
  const { server, to, changed } = await changedServer(deps, deps.rehearsal, { id, ...input })
  if (changed === undefined) throw stale(server, asking)
  return await foreseen(deps, serverThen({ ...server, ...to.declaration }, to.items ?? server.items), { asking })
}

/** A virtual server as it would be. */
export function serverThen(
  { id, name, enabled, ownerId, teamId, visibility }: Omit<SelectingThing, 'items'>,
  items: Server['items'] | readonly { readonly id: string }[],
): Otherwise {
  const selected = new Set(items.map((item) => item.id))
  return { servers: new Map([[id, { id, name, enabled, ownerId, teamId, visibility, items: selected }]]) }
}

export const serverGone = (id: string): Otherwise => ({ servers: new Map([[id, null]]) })

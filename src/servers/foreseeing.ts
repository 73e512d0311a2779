import type { Otherwise, SelectingThing } from '#/access/otherwise.ts'
import type { Principal } from '#/access/principal.ts'
import { foreseen } from '#/api/dry-run.ts'
import type { Reply } from '#/api/endpoint.ts'
import type { ServerId } from '#/access/ids.ts'
import { changed, declaredNew, idTaken, serverFor, stale, type ChangeInput } from './make-server.ts'
import { checkSelection } from './selection.ts'
import type { Server, ServerDeps } from './server.ts'
import type { ServerCreate, ServerUpdate } from './server-input.ts'

/** What it would do to make a virtual server. Refused is what making it is refused for. */
export async function foreseeNewServer(deps: ServerDeps, body: ServerCreate, principal: Principal): Promise<Reply> {
  const { id, declaration, items } = declaredNew(body, principal)
  await checkSelection(deps.store, items, { principal, before: [] })
  // The difference to what is would tell of a server that may be hidden from whoever asks.
  if (body.id && (await deps.store.byId(id)) !== undefined) throw idTaken()
  return await foreseen(deps, serverThen({ id, enabled: true, ownerId: principal.userId, ...declaration }, items), {
    asking: principal,
  })
}

/** What it would do to hide or show a virtual server, or to let it offer something else. */
export async function foreseeServer(
  deps: ServerDeps,
  id: ServerId,
  { body, ifMatch, principal }: Omit<ChangeInput, 'request'>,
): Promise<Reply> {
  const server = await serverFor(deps, id, [principal, 'servers.update'])
  if (ifMatch !== null && ifMatch !== server.version) throw stale(server, principal)
  const to = changed(server, body, principal)
  if (to.items !== null) await checkSelection(deps.store, to.items, { principal, before: server.items })
  return await foreseen(deps, serverThen({ ...server, ...to.declaration }, to.items ?? server.items), {
    asking: principal,
  })
}

/** A virtual server with what a body says of it replaced. */
export function serverChanged(server: Server, body: ServerUpdate, principal: Principal): Otherwise {
  const { declaration, items } = changed(server, body, principal)
  return serverThen({ ...server, ...declaration }, items ?? server.items)
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

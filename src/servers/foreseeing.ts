import type { Otherwise, SelectingThing } from '#/access/otherwise.ts'
import { movedPlace } from '#/access/place.ts'
import type { Principal } from '#/access/principal.ts'
import { dryRunReply } from '#/api/dry-run.ts'
import type { Reply } from '#/api/endpoint.ts'
import type { ServerId } from '#/access/ids.ts'
import { declared, declaredNew, idTaken, serverFor, stale, type ChangeInput } from './make-server.ts'
import { checkSelection, selectionOf } from './selection.ts'
import type { Selected, Server, ServerDeps } from './server.ts'
import type { ServerCreate, ServerUpdate } from './server-input.ts'

/** What it would do to make a virtual server. Refused is what making it is refused for. */
export async function foreseeNewServer(deps: ServerDeps, body: ServerCreate, principal: Principal): Promise<Reply> {
  const { id, declaration, items } = declaredNew(body, principal)
  await checkSelection(deps.store, items, { principal, before: [] })
  // The difference to what is would tell of a server that may be hidden from whoever asks.
  if (body.id && (await deps.store.byId(id)) !== undefined) throw idTaken()
  return await answer(
    deps,
    serverThen({ id, enabled: true, ownerId: principal.userId, ...declaration }, items),
    principal,
  )
}

/** What it would do to hide or show a virtual server, or to let it offer something else. */
export async function foreseeServer(
  deps: ServerDeps,
  id: ServerId,
  { body, ifMatch, principal }: Omit<ChangeInput, 'request'>,
): Promise<Reply> {
  const server = await serverFor(deps, id, [principal, 'servers.update'])
  if (ifMatch !== null && ifMatch !== server.version) throw stale(server, principal)
  const items = selected(server, body, principal)
  if (items !== null) await checkSelection(deps.store, items, { principal, before: server.items })
  return await answer(deps, serverChanged(server, body, principal), principal)
}

/** A virtual server with what a body says of it replaced. */
export function serverChanged(server: Server, body: ServerUpdate, principal: Principal): Otherwise {
  movedPlace(principal, 'servers.update', { from: server, asked: body })
  return serverThen({ ...server, ...declared(body, server) }, selected(server, body, principal) ?? server.items)
}

function selected(server: Server, body: ServerUpdate, { visibilityClass }: Principal): readonly Selected[] | null {
  return selectionOf(body, server.items, (item) => !visibilityClass.sees(item))
}

export async function answer({ foresee }: ServerDeps, then: Otherwise, principal: Principal): Promise<Reply> {
  return dryRunReply(await foresee(then, principal))
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

import { allow, type Grant } from '#/access/allow.ts'
import { ServerId } from '#/access/ids.ts'
import type { Permission } from '#/access/permissions.ts'
import { movedPlace, newPlace } from '#/access/place.ts'
import type { Principal } from '#/access/principal.ts'
import { actorOf, type Changed } from '#/api/actor.ts'
import { preconditionFailed } from '#/api/conditional.ts'
import type { Idempotency, RequestContext } from '#/api/endpoint.ts'
import { repeatedTarget } from '#/api/idempotency.ts'
import { declaredPlace } from '#/api/place.ts'
import { refuseFirst } from '#/api/placed.ts'
import { tagsOf } from '#/api/tags.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { checkSelection, hexOf, selectionOf } from './selection.ts'
import type {
  NewServer,
  Selected,
  Server,
  ServerDeclaration,
  ServerDeps,
  ServerWriter,
  StoredSelected,
} from './server.ts'
import type { ServerCreate, ServerUpdate } from './server-input.ts'
import { refuseName, refusedName } from './server-names.ts'
import { serverView } from './server-view.ts'

const ATTEMPTS = 8

export interface MakeInput {
  readonly body: ServerCreate
  readonly grant: Grant<'servers.create', null>
  readonly idempotency: Idempotency | null
  readonly request: RequestContext
}

/** Makes a virtual server with its selection in one write. */
export async function makeServer(deps: ServerDeps, input: MakeInput): Promise<Server> {
  const { server, id, changed } = await madeServer(deps, deps.store, input)
  return server ?? (await settled(deps, id, { changed, principal: input.grant.principal }))
}

export interface Made extends Omit<NewServer, 'idempotency'> {
  /** What the same request made before. */
  readonly server?: Server
  readonly changed?: Changed
}

export async function madeServer(deps: ServerDeps, writer: ServerWriter, input: MakeInput): Promise<Made> {
  const { body, grant, idempotency, request } = input
  const made = declaredNew(body, grant.principal)
  const repeated = await earlier(deps, input)
  if (repeated !== undefined) return { ...made, server: repeated }
  await checkSelection(deps.store, made.items, { principal: grant.principal, before: [] })
  const called = { ...made.declaration, id: made.id, ownerId: grant.principal.userId }
  try {
    await refuseName(deps, called, grant.principal)
    return { ...made, changed: await writer.create({ ...made, idempotency }, actorOf(grant.principal, request)) }
  } catch (error) {
    const winner = isConflict(error) ? await earlier(deps, input) : undefined
    if (winner !== undefined) return { ...made, server: winner }
    throw await refusedName(deps, error, { called, principal: grant.principal })
  }
}

/** What a new server is to be. */
function declaredNew(body: ServerCreate, principal: Principal): Pick<NewServer, 'id' | 'declaration' | 'items'> {
  const id = ownId(body.id) ?? ServerId.mint()
  const { teamId, visibility } = newPlace(principal, 'servers.create', body)
  const fresh = { name: body.name, description: null, icon: null, tags: [], teamId, visibility }
  return { id, declaration: declared({ ...body, teamId, visibility }, fresh), items: selectionOf(body, []) ?? [] }
}

async function earlier(deps: ServerDeps, { grant, idempotency }: MakeInput): Promise<Server | undefined> {
  if (idempotency === null) return undefined
  const remembered = await deps.store.remembered(grant.principal.userId, idempotency.key)
  const target = repeatedTarget(remembered, idempotency)
  if (target === undefined || !ServerId.is(target)) return undefined
  const server = await deps.store.byId(target)
  if (server === undefined)
    throw new GatewayError('not_found', 'what this Idempotency-Key made has been deleted since; use a new key')
  return server
}

export interface ChangeInput {
  readonly body: ServerUpdate
  readonly ifMatch: number | null
  readonly principal: Principal
  readonly request: RequestContext
}

/** Changes what is given. A selection is written over the version it was read at; a race with another writer is run again. */
export async function changeServer(deps: ServerDeps, id: ServerId, input: ChangeInput): Promise<Server> {
  const { changed } = await changedServer(deps, deps.store, { id, ...input })
  return await settled(deps, id, { changed, principal: input.principal })
}

export interface Rewritten {
  readonly server: Server
  readonly to: Remade
  readonly changed: Changed | undefined
}

export async function changedServer(
  deps: ServerDeps,
  writer: ServerWriter,
  { id, body, ifMatch, principal, request }: ChangeInput & { readonly id: ServerId },
): Promise<Rewritten> {
  for (let attempt = 1; ; attempt++) {
    const server = await serverFor(deps, id, [principal, 'servers.update'])
    if (ifMatch !== null && ifMatch !== server.version) throw stale(server, principal)
    const to = remade(server, body, principal)
    const { items, declaration } = to
    if (items !== null) await checkSelection(deps.store, items, { principal, before: server.items })
    const called = { ...declaration, id, ownerId: server.ownerId }
    if (declaration.name !== server.name || declaration.teamId !== server.teamId)
      await refuseName(deps, called, principal)
    const at = { ifMatch: ifMatch ?? (items === null ? null : server.version), actor: actorOf(principal, request) }
    const changed = await writer.update(id, to, at).catch(async (error: unknown) => {
      throw await refusedName(deps, error, { called, principal })
    })
    if (changed !== undefined || ifMatch !== null || attempt === ATTEMPTS) return { server, to, changed }
  }
}

interface Remade {
  readonly declaration: ServerDeclaration
  /** null: the selection stays. */
  readonly items: readonly Selected[] | null
}

/** What a server is to be. */
function remade(server: Server, body: ServerUpdate, principal: Principal): Remade {
  movedPlace(principal, 'servers.update', { from: server, asked: body })
  const isHidden = (item: StoredSelected): boolean => !principal.visibilityClass.sees(item)
  return { declaration: declared(body, server), items: selectionOf(body, server.items, isHidden) }
}

/** The server, where the principal may see it and do this with it. */
export async function serverFor(
  deps: ServerDeps,
  id: ServerId,
  [principal, permission]: readonly [Principal, Permission],
): Promise<Server> {
  const absent = (): GatewayError => new GatewayError('not_found', `Server not found: ${id}`)
  await refuseFirst(deps.store, { id, principal, permission, absent })
  const server = await deps.store.seen(id, principal.visibilityClass)
  if (server === undefined || !principal.visibilityClass.sees(server)) throw absent()
  return allow(principal, permission, server).target
}

/** The server as it is after a write; a write that hit nothing is told as what it is. */
export async function settled(
  deps: ServerDeps,
  id: ServerId,
  { changed, principal }: { readonly changed: Changed | undefined; readonly principal: Principal },
): Promise<Server> {
  if (changed !== undefined) await deps.settled(changed.seq)
  const server = await deps.store.byId(id)
  if (server === undefined) throw new GatewayError('not_found', `Server not found: ${id}`)
  if (changed === undefined) throw stale(server, principal)
  return server
}

export function stale(server: Server, principal: Principal): GatewayError {
  return preconditionFailed('the server', server.version, serverView(server, principal))
}

function ownId(given: string | null | undefined): ServerId | undefined {
  if (given === undefined || given === null) return undefined
  const id = hexOf(given)
  if (!ServerId.is(id))
    throw new GatewayError('invalid_field', 'id: must be 32 hexadecimal characters, with or without dashes', {
      field: 'id',
    })
  return id
}

function declared(body: ServerUpdate, before: ServerDeclaration): ServerDeclaration {
  const icon = body.icon === undefined ? before.icon : body.icon
  if (icon !== null && !/^https?:$/.test(URL.parse(icon)?.protocol ?? ''))
    throw new GatewayError('invalid_field', 'icon: must be a URL that begins with http:// or https://', {
      field: 'icon',
    })
  return {
    name: body.name ?? before.name,
    description: body.description === undefined ? before.description : body.description,
    icon,
    tags: body.tags === undefined ? before.tags : tagsOf(body.tags),
    ...declaredPlace(body, before),
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'conflict'
}

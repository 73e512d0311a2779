import { Type } from '#/api/type.ts'
import { GatewayId } from '#/access/ids.ts'
import { etagOf } from '#/api/conditional.ts'
import { DryRunQuery, foreseen } from '#/api/dry-run.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { StateQuery } from '#/api/items.ts'
import { PagingQuery, pageReply, pageRequest } from '#/api/paging.ts'
import { IdParams, idOf } from '#/api/params.ts'
import { tagFilter } from '#/api/tags.ts'
import { change, gatewayFor, settled, stale } from './change.ts'
import { actorOf } from '#/api/actor.ts'
import { foreseeChange, foreseeNew, gatewayGone, gatewayThen } from './foreseeing.ts'
import type { GatewayDeps } from './gateway-deps.ts'
import { type GatewayLogsDeps, logEndpoint } from './gateway-logs.ts'
import { GatewayCreate, GatewayUpdate, VisibilityInput } from './gateway-input.ts'
import { GatewayView, gatewayView } from './gateway-view.ts'
import type { ItemKind } from './apply-discovery.ts'
import { refresh, refreshable } from './refresh.ts'
import { RefreshView, refreshView } from './refresh-view.ts'
import { register } from './register.ts'
import { TrialView, tryGateway } from './try-gateway.ts'
import type { Gateway } from './gateway.ts'

const tag = 'gateways'
const idIn = (params: { readonly id: string }): GatewayId => idOf(GatewayId, params.id, 'Gateway')
const withTag = (gateway: Gateway) => ({ headers: { etag: etagOf(gateway.version) }, body: gatewayView(gateway) })

/** Every route of /gateways. */
export function gatewayEndpoints(deps: GatewayLogsDeps): readonly Endpoint[] {
  return [...collection(deps), ...single(deps), ...switching(deps), ...upstream(deps), logEndpoint(deps)]
}

function collection(deps: GatewayDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'POST /gateways',
      permission: 'gateways.create',
      tag,
      query: Type.Object(DryRunQuery),
      body: GatewayCreate,
      reply: GatewayView,
      status: 201,
      summary: 'Register an upstream MCP server',
      description:
        'Connects, finds out what the server offers and stores it. A server that does not answer is kept as pending and tried again; one that is no MCP server is refused.',
      reachesBackend: true,
      handle: async (input) =>
        input.query.dry_run === true ? await foreseeNew(deps, input) : withTag(await register(deps, input)),
    }),
    endpoint({
      route: 'GET /gateways',
      permission: 'gateways.read',
      tag,
      reply: Type.Array(GatewayView),
      summary: 'List gateways, newest first',
      query: Type.Object({
        ...PagingQuery,
        tags: Type.Optional(Type.String()),
        visibility: Type.Optional(VisibilityInput),
      }),
      handle: async ({ query, principal }) => {
        const filter = { tags: tagFilter(query.tags), visibility: query.visibility ?? null }
        const { rows, next } = await deps.store.page(pageRequest(query, principal), filter)
        const seen = rows.filter((gateway) => principal.visibilityClass.sees(gateway)).map(gatewayView)
        return pageReply({ plural: 'gateways', page: { rows: seen, next }, query, principal })
      },
    }),
  ]
}

function single(deps: GatewayDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'GET /gateways/{id}',
      permission: 'gateways.read',
      tag,
      params: IdParams,
      reply: GatewayView,
      summary: 'Read a gateway',
      handle: async ({ params, principal }) =>
        withTag((await gatewayFor(deps, idIn(params), { principal, permission: 'gateways.read' })).gateway),
    }),
    endpoint({
      route: 'PUT /gateways/{id}',
      permission: 'gateways.update',
      tag,
      params: IdParams,
      body: GatewayUpdate,
      summary: 'Change a gateway',
      description:
        'Only what is given changes. A secret sent as "*****" stays. Send If-Match to change only what you have seen.',
      query: Type.Object({
        rename_tools: Type.Optional(
          Type.Boolean({ description: "Give its tools and prompts names after the gateway's new name" }),
        ),
        ...DryRunQuery,
      }),
      reply: GatewayView,
      reachesBackend: true,
      handle: async ({ params, query, body, principal, ifMatch, request }) => {
        const { grant } = await gatewayFor(deps, idIn(params), { principal, permission: 'gateways.update' })
        if (query.dry_run === true) return await foreseeChange(deps, grant, { body, ifMatch, request })
        return withTag(await change(deps, grant, { body, ifMatch, renameTools: query.rename_tools === true, request }))
      },
    }),
  ]
}

function switching(deps: GatewayDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'DELETE /gateways/{id}',
      permission: 'gateways.delete',
      tag,
      params: IdParams,
      summary: 'Delete a gateway with everything it offers',
      query: Type.Object(DryRunQuery),
      reply: Type.Object({ status: Type.String(), message: Type.String() }),
      handle: async ({ params, query, principal, ifMatch, request }) => {
        const id = idIn(params)
        const { gateway } = await gatewayFor(deps, id, { principal, permission: 'gateways.delete' })
        if (ifMatch !== null && ifMatch !== gateway.version) throw stale(gateway)
        if (query.dry_run === true) return await foreseen(deps, gatewayGone(id), { asking: principal })
        const changed = await deps.store.remove(id, ifMatch, actorOf(principal, request))
        if (changed === undefined) await settled(deps, id, changed)
        else await deps.settled(changed.seq)
        return { body: { status: 'success', message: `Gateway ${id} deleted` } }
      },
    }),
    endpoint({
      route: 'POST /gateways/{id}/state',
      permission: 'gateways.update',
      tag,
      params: IdParams,
      summary: 'Switch a gateway on or off',
      query: StateQuery,
      reply: Type.Object({ status: Type.String(), message: Type.String(), gateway: Type.Unknown() }),
      handle: async ({ params, query, principal, ifMatch, request }) => {
        const id = idIn(params)
        const { gateway: before } = await gatewayFor(deps, id, { principal, permission: 'gateways.update' })
        const enabled = query.activate ?? true
        if (ifMatch !== null && ifMatch !== before.version) throw stale(before)
        if (query.dry_run === true)
          return await foreseen(deps, gatewayThen(before, before, enabled), { asking: principal })
        const changed = await deps.store.setEnabled(id, { enabled, ifMatch }, actorOf(principal, request))
        const gateway = await settled(deps, id, changed)
        const message = `Gateway ${id} ${enabled ? 'activated' : 'deactivated'}`
        return { ...withTag(gateway), body: { status: 'success', message, gateway: gatewayView(gateway) } }
      },
    }),
  ]
}

function upstream(deps: GatewayDeps): readonly Endpoint[] {
  return [
    endpoint({
      route: 'POST /gateways/{id}/tools/refresh',
      permission: 'gateways.update',
      tag,
      params: IdParams,
      summary: 'Ask the upstream again what it offers',
      query: Type.Object({
        include_resources: Type.Optional(Type.Boolean({ default: true })),
        include_prompts: Type.Optional(Type.Boolean({ default: true })),
      }),
      reply: RefreshView,
      reachesBackend: true,
      handle: async ({ params, query, principal, request }) => {
        const { gateway } = await gatewayFor(deps, idIn(params), { principal, permission: 'gateways.update' })
        const leave: ItemKind[] = [
          ...(query.include_resources === false ? (['resources', 'templates'] as const) : []),
          ...(query.include_prompts === false ? (['prompts'] as const) : []),
        ]
        const began = performance.now()
        const actor = actorOf(principal, request)
        const result = await refresh(deps, refreshable(deps, gateway), { signal: request.signal, actor, leave })
        if (result.kind === 'found') await deps.settled(result.seq)
        return { body: refreshView(gateway.id, result, { ms: performance.now() - began, at: new Date() }) }
      },
    }),
    endpoint({
      route: 'POST /gateways/{id}/test',
      permission: 'gateways.update',
      tag,
      params: IdParams,
      reply: TrialView,
      summary: 'Try the connection to a gateway; nothing is stored',
      description: 'Dials with the stored credentials, so it needs what changing the gateway needs.',
      reachesBackend: true,
      handle: async ({ params, principal, request }) => {
        const { gateway } = await gatewayFor(deps, idIn(params), { principal, permission: 'gateways.update' })
        return { body: await tryGateway(deps, gateway, request.signal) }
      },
    }),
  ]
}

import { LOCAL_GATEWAY_ID, type TeamId } from '#/access/ids.ts'
import type { ItemKind, OfferedThing } from '#/access/otherwise.ts'
import type { Owned } from '#/access/principal.ts'
import { itemIn, itemsOf } from '#/catalog/effect-side.ts'
import { pace } from '#/lib/pace.ts'
import type { AuditRecord } from './audit.ts'
import { UNSAID, wasIn, type Detail, type Rewind, type Undo } from './rewind.ts'

type Placed = Owned & { readonly enabled: boolean }

/** What of a place a record says: only what was another. */
function placeIn(was: Detail): Partial<Placed> {
  const names = ['enabled', 'visibility', 'teamId', 'ownerId'] as const
  return Object.fromEntries(names.flatMap((name) => (was[name] === undefined ? [] : [[name, was[name]]])))
}

const updateGateway: Undo = async (state, record, detail) => {
  const was = wasIn(detail)
  const { targetId: id } = record
  noteGone(state, record, detail)
  if (was === undefined) {
    const changed = (detail['changed'] ?? []) as readonly string[]
    if (changed.some((field) => /^(visibility|team)/.test(field))) state.unclear(record, UNSAID)
    return
  }
  const gateway = state.gateway(id)
  if (gateway === null) return
  const before = { ...gateway, ...placeIn(was) }
  state.gateways.set(id, before)
  if (was['moreItems'] === true) state.unclear(record, 'of its items only some are recorded that stood elsewhere')
  const apart = new Map(was['items'] as readonly (readonly [string, Owned['visibility']])[] | undefined)
  await placeItems(state, id, ({ id: item }) => ({
    teamId: before.teamId,
    visibility: apart.get(item) ?? before.visibility,
  }))
}

/** Of what a server no longer offered when it was asked, a record says how much it was. */
function noteGone(state: Rewind, record: AuditRecord, detail: Detail): void {
  const kinds = `${state.kind}s`
  const count = Number((detail['gone'] as Detail | null | undefined)?.[kinds] ?? 0)
  if (count > 0)
    state.unclear(record, `${count} ${kinds} went that its server no longer offered: which they were is not recorded`)
}

/** Where all that a gateway offers stood. */
async function placeItems(
  state: Rewind,
  gatewayId: string,
  place: (item: OfferedThing) => { readonly teamId: TeamId | null; readonly visibility: Owned['visibility'] },
): Promise<void> {
  const slice = pace()
  for (const { id, gatewayId: of } of itemsOf(state.snapshot, state.kind)) {
    if (slice.due()) await slice.rest()
    const item = of === gatewayId ? state.item(id) : null
    if (item !== null) state.items.set(id, { ...item, ...place(item) })
  }
  for (const [id, item] of state.items) {
    if (slice.due()) await slice.rest()
    if (item?.gatewayId === gatewayId && itemIn(state.snapshot, id) === undefined)
      state.items.set(id, { ...item, ...place(item) })
  }
}

const deleteGateway: Undo = (state, record, detail) => {
  const was = wasIn(detail)
  const name = String(detail['name'])
  const kinds = `${state.kind}s`
  const count = was?.[kinds] as number | undefined
  if (count !== 0)
    state.unclear(record, `the gateway ${name} went with its ${count ?? ''} ${kinds}: which they were is not recorded`)
  if (was === undefined) return
  const { enabled, visibility, teamId, ownerId } = was as unknown as Placed
  state.gateways.set(record.targetId, { id: record.targetId, name, enabled, visibility, teamId, ownerId })
}

const updateItem: Undo = (state, record, detail) => {
  const item = state.item(record.targetId)
  const was = wasIn(detail)
  if (was !== undefined && item !== null) state.items.set(record.targetId, { ...item, ...placeIn(was) })
  const says = ['enabled', 'visibility', 'team_id'].some((name) => detail[name] !== undefined)
  if (was === undefined && says) state.unclear(record, UNSAID)
}

const deleteItem: Undo = (state, record, detail) => {
  const was = wasIn(detail)
  if (was === undefined) return state.unclear(record, UNSAID)
  const { targetId: id, targetKind } = record
  const { gatewayId, enabled, visibility, teamId, ownerId } = was as unknown as Placed & { gatewayId: string | null }
  const owned = { enabled, visibility, teamId, ownerId }
  const kind = targetKind as ItemKind
  const item = { id, kind, name: String(detail['name']), gatewayId: gatewayId ?? LOCAL_GATEWAY_ID, ...owned }
  state.items.set(id, item)
  for (const serverId of (was['servers'] ?? []) as readonly string[]) {
    const server = state.server(serverId)
    if (server !== null) state.servers.set(serverId, { ...server, items: new Set([...server.items, id]) })
  }
}

const updateServer: Undo = (state, record, detail) => {
  const server = state.server(record.targetId)
  const was = wasIn(detail)
  if (was === undefined) return state.unclear(record, UNSAID)
  if (was['moreItems'] === true) state.unclear(record, 'only some of what it selected before is recorded')
  const items = was['items'] === undefined ? {} : { items: new Set(was['items'] as readonly string[]) }
  if (server !== null) state.servers.set(record.targetId, { ...server, ...placeIn(was), ...items })
}

const deleteServer: Undo = (state, record, detail) => {
  const was = wasIn(detail)
  if (was === undefined) return state.unclear(record, UNSAID)
  if (was['moreItems'] === true) state.unclear(record, 'only some of what it selected is recorded')
  const { enabled, visibility, teamId, ownerId } = was as unknown as Placed
  const items = new Set(was['items'] as readonly string[])
  const server = { id: record.targetId, name: String(detail['name']), enabled, visibility, teamId, ownerId, items }
  state.servers.set(record.targetId, server)
}

const itemUndos = (table: string): Readonly<Record<string, Undo>> => ({
  [`${table}.create`]: (state, { targetId }) => void state.items.set(targetId, null),
  [`${table}.update`]: updateItem,
  [`${table}.delete`]: deleteItem,
})

/** By the action of the record. */
export const THINGS: Readonly<Record<string, Undo>> = {
  'gateways.create': (state, { targetId }) => void state.gateways.set(targetId, null),
  'gateways.update': updateGateway,
  'gateways.state': (state, record, detail) => {
    const gateway = state.gateway(record.targetId)
    const was = wasIn(detail)
    if (was === undefined) return state.unclear(record, UNSAID)
    if (gateway !== null) state.gateways.set(record.targetId, { ...gateway, ...placeIn(was) })
  },
  'gateways.refresh': (state, record, detail) =>
    detail['gone'] === undefined ? state.unclear(record, UNSAID) : noteGone(state, record, detail),
  'gateways.delete': deleteGateway,
  ...itemUndos('tools'),
  ...itemUndos('prompts'),
  ...itemUndos('resources'),
  'servers.create': (state, { targetId }) => void state.servers.set(targetId, null),
  'servers.update': updateServer,
  'servers.state': updateServer,
  'servers.delete': deleteServer,
}

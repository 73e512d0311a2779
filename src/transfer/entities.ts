import type { Principal } from '#/access/principal.ts'
import type { Tag } from '#/api/tags.ts'
import type { Gateway } from '#/gateways/gateway.ts'
import type { Prompt } from '#/prompts/prompt.ts'
import type { Resource } from '#/resources/resource.ts'
import type { Root } from '#/roots/root-endpoints.ts'
import type { Server } from '#/servers/server.ts'
import type { Tool } from '#/tools/tool.ts'
import type { EntityType, Stores } from './transfer.ts'

/** What can be exported, by type. What a gateway offers is not among it: it comes with the gateway. */
export interface Everything {
  readonly tools: readonly Tool[]
  readonly gateways: readonly Gateway[]
  readonly servers: readonly Server[]
  readonly prompts: readonly Prompt[]
  readonly resources: readonly Resource[]
  readonly roots: readonly Root[]
}

const NO_FILTER = { tags: null, visibility: null, teamId: null, gatewayIds: null, serverId: null }
const LOCAL = { ...NO_FILTER, gatewayIds: [null] }

export interface Reading {
  readonly principal: Principal
  readonly includeInactive: boolean
}

const page = ({ includeInactive, principal }: Reading) => ({
  limit: null,
  after: null,
  includeInactive,
  sight: principal.visibilityClass.sight,
})

const READERS: {
  readonly [T in EntityType]: (stores: Stores, reading: Reading) => Promise<Everything[T]>
} = {
  tools: async ({ tools }, reading) => seen(reading, (await tools.page(page(reading), LOCAL)).rows),
  prompts: async ({ prompts }, reading) => seen(reading, (await prompts.page(page(reading), LOCAL)).rows),
  resources: async ({ resources }, reading) => seen(reading, (await resources.page(page(reading), LOCAL)).rows),
  servers: async ({ servers }, reading) => seen(reading, (await servers.page(page(reading), NO_FILTER)).rows),
  gateways: async ({ gateways }, reading) => seen(reading, (await gateways.page(page(reading), NO_FILTER)).rows),
  roots: ({ roots }) => roots.all(),
}

function seen<T extends Parameters<Principal['visibilityClass']['sees']>[0]>(
  { principal }: Reading,
  rows: readonly T[],
): readonly T[] {
  return rows.filter((row) => principal.visibilityClass.sees(row))
}

/** Everything of one type that the principal sees. */
export async function readType<T extends EntityType>(
  type: T,
  stores: Stores,
  reading: Reading,
): Promise<Everything[T]> {
  return await READERS[type](stores, reading)
}

/** Every tool that the principal sees, also those of upstreams: what virtual servers select from. */
export async function readAllTools({ tools }: Stores, reading: Reading): Promise<readonly Tool[]> {
  return seen(reading, (await tools.page(page(reading), NO_FILTER)).rows)
}

export interface Tagged {
  readonly tags: readonly Tag[]
}

export const hasTag =
  (wanted: readonly string[] | null) =>
  ({ tags }: Tagged): boolean =>
    wanted === null || tags.some(({ id }) => wanted.includes(id))

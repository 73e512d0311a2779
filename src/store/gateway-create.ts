import { sql } from 'kysely'
import type { Actor, Changed, GatewayWriter, NewGateway } from '#/gateways/gateway-store.ts'
import type { Gateway } from '#/gateways/gateway.ts'
import { isShort, itemsStatement } from './discovery-store.ts'
import { auditGateway, madeOf } from './gateway-audit.ts'
import { columnsOf, observed } from './gateway-columns.ts'
import { gatewayOf, gatewayQuery } from './gateway-rows.ts'
import { rememberKeys } from './idempotency-store.ts'
import { provenance } from './item-writes.ts'
import type { Database, WriteTx } from './store.ts'
import { writeTogether } from './write-together.ts'

const SOURCE = 'gateways'

interface Making {
  readonly gateway: NewGateway
  readonly actor: Actor
}

type Made = Changed & { readonly gateway: Gateway }

/** Makes gateways, those that come at the same time in one transaction: each with its own number, audit record and idempotency key. */
export function gatewayCreate(db: Database): GatewayWriter['create'] {
  const make = writeTogether<Making, Made>({
    most: 25,
    isSmall: ({ gateway }) => isShort(gateway.observation),
    keyOf: ({ gateway }) => gateway.declaration.slug,
    writeAll: async (all) => {
      const { value, seq } = await db.write(SOURCE, (tx) => create(tx, all))
      return all.map(({ gateway: { id } }) => {
        const gateway = value.get(id)
        if (gateway === undefined) throw new Error('a gateway that was just stored is not there')
        return { gateway, seq }
      })
    },
  })
  return (gateway, actor) => make({ gateway, actor })
}

async function create(tx: WriteTx, all: readonly Making[]): Promise<ReadonlyMap<string, Gateway>> {
  // What is stored is read as it goes in: in the query the names mean the rows that these return.
  const made = tx.sql
    .with('gateway_states', (q) => q.insertInto('gateway_states').values(all.map(stateOf)).returningAll())
    .with('remembered', (q) =>
      rememberKeys(
        q,
        all.map(({ gateway: { id, idempotency }, actor: { userId } }) => ({ userId, idempotency, targetId: id })),
      ),
    )
    .with('gateways', (q) => q.insertInto('gateways').values(all.map(rowOf)).returningAll())
  const items = itemsStatement(
    all.flatMap(({ gateway: { id, observation }, actor }) =>
      observation.kind === 'found' ? [{ gatewayId: id, actor, found: observation }] : [],
    ),
  )
  const stored = gatewayQuery(made, NOT_COUNTED)
  const rows = await tx.together(stored.compile(), ...(items ? [items.compile(tx.sql)] : []))
  for (const [n, making] of all.entries()) {
    if (n > 0) tx.another()
    announce(tx, making)
  }
  const counts = new Map(all.map(({ gateway }) => [gateway.id as string, countsOf(gateway)]))
  return new Map(rows.map((row) => [row.id, gatewayOf({ ...row, ...counts.get(row.id) })]))
}

function stateOf({ gateway: { id, observation, nextCheckIn } }: Making) {
  return { gateway_id: id, ...observed(observation, nextCheckIn), registration_attempts: 1 }
}

function rowOf({ gateway: { id, declaration }, actor }: Making) {
  return { id, ...columnsOf(declaration), owner_id: actor.userId, created: provenance(actor) }
}

function announce(tx: WriteTx, { gateway: { id, declaration }, actor }: Making): void {
  tx.changed('gateway', id)
  tx.changed('gateway_items', id)
  auditGateway(tx, actor, { action: 'gateways.create', id, detail: madeOf(declaration) })
}

/** Of a gateway that is being stored what it offers is not there to be counted. */
const NOT_COUNTED = {
  tools: sql<number>`0::bigint`,
  prompts: sql<number>`0::bigint`,
  resources: sql<number>`0::bigint`,
}

function countsOf({ observation }: NewGateway): Gateway['counts'] {
  if (observation.kind === 'unreachable') return { tools: 0, prompts: 0, resources: 0 }
  const { tools, prompts, resources, templates } = observation.diff
  return {
    tools: tools.added.length,
    prompts: prompts.added.length,
    resources: resources.added.length + templates.added.length,
  }
}

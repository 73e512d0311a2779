import { sql } from 'kysely'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Declaration, Gateway } from '#/gateways/gateway.ts'
import type { Actor, Changed, GatewayWriter, NewGateway } from '#/gateways/gateway-store.ts'
import { crowd } from '#/lib/crowd.ts'
import { shownUrl } from '#/lib/shown-url.ts'
import { itemsStatement } from './discovery-store.ts'
import { sqlState } from './errors.ts'
import { columnsOf, observed } from './gateway-columns.ts'
import { gatewayOf, gatewayQuery } from './gateway-rows.ts'
import { rememberKeys } from './idempotency-store.ts'
import { provenance } from './item-writes.ts'
import type { Database, WriteTx } from './store.ts'

const SOURCE = 'gateways'
/** Gateways that are made in one transaction, and what one of them may weigh, in items and in characters: it is to stay short. */
const TOGETHER = 25
const SMALL = { items: 40, characters: 65_536 }

interface Making {
  readonly gateway: NewGateway
  readonly actor: Actor
}

type Made = Changed & { readonly gateway: Gateway }
type Outcome = { readonly made: Made } | { readonly refused: unknown }

/**
 * Makes gateways. Those that come while a transaction is under way wait for the next, which makes all of them: each with its own number
 * of the clock, audit record and idempotency key. What one of them is refused for is no affair of the others: then each is made by itself.
 */
export function gatewayCreate(db: Database): GatewayWriter['create'] {
  const together = crowd(async (all: readonly Making[]) => {
    const outcomes = await outcomesOf(db, all)
    return new Map(all.map((making, n) => [making, outcomes[n]]))
  }, TOGETHER)
  return async (gateway, actor) => {
    const making = { gateway, actor }
    const outcome = isSmall(gateway) ? await together(making) : await outcomeOf(db, making)
    if (outcome === undefined) throw new Error('a gateway was neither made nor refused')
    if ('refused' in outcome) throw outcome.refused
    return outcome.made
  }
}

async function outcomesOf(db: Database, all: readonly Making[]): Promise<readonly Outcome[]> {
  const [first, ...others] = all
  if (first !== undefined && others.length === 0) return [await outcomeOf(db, first)]
  try {
    return (await makeAll(db, all)).map((made) => ({ made }))
  } catch (error) {
    if (!isRefusal(error)) throw error
  }
  const outcomes: Outcome[] = []
  for (const making of all) outcomes.push(await outcomeOf(db, making))
  return outcomes
}

async function outcomeOf(db: Database, making: Making): Promise<Outcome> {
  try {
    const [made] = await makeAll(db, [making])
    return made === undefined ? { refused: new Error('a gateway that was just stored is not there') } : { made }
  } catch (refused) {
    return { refused }
  }
}

/** Nothing was stored, and what was wrong with one need not be wrong with all. A database that is away is away for everybody. */
function isRefusal(error: unknown): boolean {
  return GatewayError.from(error).code !== 'unavailable' || /^(40|55P03)/.test(sqlState(error) ?? '')
}

async function makeAll(db: Database, all: readonly Making[]): Promise<readonly Made[]> {
  // In one order everywhere, so that two who make the same names wait for one another rather than both.
  const ordered = all.toSorted((a, b) => (a.gateway.declaration.slug < b.gateway.declaration.slug ? -1 : 1))
  const { value, seq } = await db.write(SOURCE, (tx) => create(tx, ordered))
  return all.map(({ gateway: { id } }) => {
    const gateway = value.get(id)
    if (gateway === undefined) throw new Error('a gateway that was just stored is not there')
    return { gateway, seq }
  })
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
  tx.audit({
    actor: actor.by,
    action: 'gateways.create',
    targetKind: 'gateway',
    targetId: id,
    detail: { name: declaration.name, ...whereOf(declaration) },
  })
}

/** Where it leads, for the audit log. Arguments may hold secrets, so they are not told. */
export function whereOf({ url, stdio }: Declaration): Readonly<Record<string, unknown>> {
  return stdio === null ? { url: url === null ? null : shownUrl(url) } : { command: stdio.command }
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

function isSmall({ observation }: NewGateway): boolean {
  if (observation.kind === 'unreachable') return true
  const { diff, discovery } = observation
  const items = Object.values(diff).flatMap(({ added }) => added)
  const told = [discovery.capabilities, discovery.serverInfo ?? '', discovery.instructions ?? '']
  const texts = [...told, ...items.map(({ definition }) => definition)]
  return items.length <= SMALL.items && texts.reduce((sum, { length }) => sum + length, 0) <= SMALL.characters
}

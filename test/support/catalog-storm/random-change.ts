import { randomInt } from 'node:crypto'
import { sql } from 'kysely'
import { ServerId, TokenId, ToolId } from '../../../src/access/ids.ts'
import type { WriteTx } from '../../../src/store/store.ts'
import { ADMIN_ID, seededId, type SeedOptions } from '../seed-catalog.ts'

type Write = (tx: WriteTx, seed: SeedOptions) => Promise<void>

const someTool = ({ tools }: SeedOptions): string => seededId('tool', randomInt(tools))
const someGateway = ({ gateways }: SeedOptions): string => seededId('gateway', randomInt(gateways))

/** The seed deals tools out to gateways in turn. */
const someToolOf = ({ tools, gateways }: SeedOptions, gateway: string): string => {
  const first = Number.parseInt(gateway.slice(2), 16)
  return seededId('tool', first + gateways * randomInt(Math.max(1, Math.floor(tools / gateways))))
}

const WRITES: readonly (readonly [share: number, write: Write])[] = [
  [
    50,
    async (tx, seed) => {
      const id = someTool(seed)
      const change = { custom_title: `title ${randomInt(1_000)}`, enabled: randomInt(5) > 0 }
      await tx.sql.updateTable('tools').set(change).where('id', '=', id).execute()
      tx.changed('tool', id)
    },
  ],
  [
    10,
    async (tx, seed) => {
      const id = someTool(seed)
      const name = `renamed-${randomInt(1_000_000_000)}`
      await tx.sql
        .updateTable('tools')
        .set({ name, position: randomInt(1_000) })
        .where('id', '=', id)
        .execute()
      tx.changed('tool', id)
    },
  ],
  [
    10,
    async (tx, seed) => {
      const id = ToolId.mint()
      const definition = JSON.stringify({ name: id, inputSchema: { type: 'object' } })
      const row = {
        id,
        gateway_id: someGateway(seed),
        original_name: id,
        name: id,
        custom_name: id,
        definition,
        digest: Buffer.alloc(32),
      }
      await tx.sql.insertInto('tools').values(row).execute()
      tx.changed('tool', id)
    },
  ],
  [
    10,
    async (tx, seed) => {
      const id = someTool(seed)
      await tx.sql.deleteFrom('tools').where('id', '=', id).execute()
      tx.changed('tool', id)
    },
  ],
  [
    5,
    async (tx, seed) => {
      const id = someGateway(seed)
      await tx.sql
        .updateTable('gateways')
        .set({ enabled: randomInt(3) > 0 })
        .where('id', '=', id)
        .execute()
      tx.changed('gateway', id)
    },
  ],
  [
    5,
    async (tx, seed) => {
      // Discovery looks at a gateway once a minute at most: several times a second is no load that a huge one gets.
      if (seed.tools / seed.gateways > 5_000) return
      const id = someGateway(seed)
      await tx.sql
        .updateTable('tools')
        .set({ position: sql<number>`position + ${randomInt(5)}` })
        .where('gateway_id', '=', id)
        .where(
          'id',
          'in',
          Array.from({ length: 50 }, () => someToolOf(seed, id)),
        )
        .execute()
      tx.changed('gateway_items', id)
    },
  ],
  [
    5,
    async (tx, seed) => {
      const id = ServerId.mint()
      await tx.sql.insertInto('servers').values({ id, name: id }).execute()
      const picked = tx.sql
        .selectFrom('tools')
        .select([sql<string>`${id}`.as('server_id'), sql<string>`'tool'`.as('kind'), 'id', 'position'])
        .where('gateway_id', '=', someGateway(seed))
        .limit(20)
      await tx.sql
        .insertInto('server_items')
        .columns(['server_id', 'kind', 'tool_id', 'position'])
        .expression(picked)
        .execute()
      tx.changed('server', id)
    },
  ],
  [
    4,
    async (tx) => {
      const id = TokenId.mint()
      const hash = Buffer.from(id + id, 'hex')
      await tx.sql.insertInto('tokens').values({ id, user_id: ADMIN_ID, name: id, hash, hint: 'x' }).execute()
      tx.changed('token', id)
    },
  ],
  [
    1,
    async (tx, seed) => {
      // The first one stays, so that a catalog of one gateway does.
      const id = seededId('gateway', randomInt(seed.gateways))
      if (id === seededId('gateway', 0)) return
      await tx.sql.deleteFrom('gateways').where('id', '=', id).execute()
      tx.changed('gateway', id)
    },
  ],
]

const TOTAL = WRITES.reduce((sum, [share]) => sum + share, 0)

/** One change of the kinds that administrators, discovery and sign-in make, most often of a single tool. */
export async function randomChange(tx: WriteTx, seed: SeedOptions): Promise<void> {
  let drawn = randomInt(TOTAL)
  for (const [share, write] of WRITES) {
    drawn -= share
    if (drawn < 0) return await write(tx, seed)
  }
}

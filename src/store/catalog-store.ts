import type { CatalogReader } from '#/catalog/reader.ts'
import { promptSource, resourceSource, toolSource } from './catalog-items.ts'
import { roleSource, teamSource, tokenSource, userSource } from './catalog-people.ts'
import { gatewaySource, serverSource } from './catalog-things.ts'
import { changesSince } from './change-feed.ts'
import type { Database } from './store.ts'

/** What the catalog reads, each in statements of at most 500 rows that use an index. */
export function catalogReader(db: Pick<Database, 'read'>): CatalogReader {
  const reader = db.read('catalog')
  return {
    clock: async () => {
      const row = await reader.selectFrom('change_clock').select('seq').executeTakeFirstOrThrow()
      return row.seq
    },
    changesSince: (seq) => changesSince(db, seq),
    users: userSource(reader),
    teams: teamSource(reader),
    roles: roleSource(reader),
    tokens: tokenSource(reader),
    gateways: gatewaySource(reader),
    servers: serverSource(reader),
    tools: toolSource(reader),
    prompts: promptSource(reader),
    resources: resourceSource(reader),
    roots: async () => await reader.selectFrom('roots').select(['uri', 'name']).orderBy('uri').execute(),
  }
}

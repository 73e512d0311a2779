import { describe, type TestContext } from 'vitest'
import { needs } from '../support/needs.ts'
import { startPgBouncer } from '../support/pgbouncer.ts'
import { testDatabase, type TestDatabase, type TestDatabaseOptions } from '../support/database.ts'
import { openDatabase, type OpenDatabase } from '#/store/database.ts'
import { quiet } from '../support/quiet.ts'

export interface Behind extends AsyncDisposable {
  /** The database as the store is to use it: direct, or through the pooler. */
  readonly url: string
  readonly db: OpenDatabase
  readonly sql: TestDatabase['sql']
}

/** Runs the same tests straight against PostgreSQL and through PgBouncer in transaction mode. */
export function behindBoth(
  tests: (open: (context: TestContext, options?: TestDatabaseOptions) => Promise<Behind>) => void,
): void {
  describe('direct', () => tests((_context, options) => testDatabase(options)))
  describe('through PgBouncer', () => tests(pooled))
}

async function pooled(context: TestContext, options: TestDatabaseOptions = {}): Promise<Behind> {
  needs(context, 'pgbouncer')
  await using building = new AsyncDisposableStack()
  const direct = building.use(await testDatabase(options))
  const { url } = building.use(await startPgBouncer(direct.url))
  const db = building.use(await openDatabase({ poolSize: 4, log: quiet, ...options, url }))
  const owned = building.move()
  return { url, db, sql: (text, values) => direct.sql(text, values), [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

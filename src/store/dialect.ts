import {
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
} from 'kysely'
import type { Schema } from './schema.ts'

/** Runs one compiled statement and gives its rows; all that Kysely is left to know about connections. */
export type Execute = (query: CompiledQuery) => Promise<{
  readonly rows: readonly unknown[]
  readonly rowCount: number | null
}>

/** Kysely as a builder of statements: where they run is decided by `execute`, and it cannot begin a transaction. */
export function kyselyOver(execute: Execute): Kysely<Schema> {
  return new Kysely<Schema>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver(execute),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
}

function driver(execute: Execute): Driver {
  const connection: DatabaseConnection = {
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      const { rows, rowCount } = await execute(query)
      return { rows: rows as R[], ...(rowCount === null ? {} : { numAffectedRows: BigInt(rowCount) }) }
    },
    streamQuery: () => refuse('a streamed query'),
  }
  return {
    init: async () => undefined,
    acquireConnection: async () => connection,
    releaseConnection: async () => undefined,
    beginTransaction: async () => refuse('a transaction'),
    commitTransaction: async () => refuse('a transaction'),
    rollbackTransaction: async () => refuse('a transaction'),
    destroy: async () => undefined,
  }
}

function refuse(what: string): never {
  throw new TypeError(`${what} is not for Kysely to begin: use Database.write`)
}

import { faultSite, type FaultSite } from '../../test/faults/site.ts'
import { startPgBouncer, type PgBouncer } from '../../test/support/pgbouncer.ts'
import { startPostgres15, type Postgres15, type Postgres15Options } from '../../test/support/postgres15.ts'

/** A gateway on a PostgreSQL 15 of its own, for what leaves a server or its disk in a state that others should not meet. */
export interface OwnServerSite extends FaultSite {
  readonly postgres: Postgres15
}

export interface OwnServerOptions extends Postgres15Options {
  readonly settings?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
}

export async function ownServerSite({ settings, env, ...disk }: OwnServerOptions = {}): Promise<OwnServerSite> {
  await using building = new AsyncDisposableStack()
  const postgres = building.use(await startPostgres15(settings, disk))
  const site = building.use(await faultSite(postgres.url, env))
  const owned = building.move()
  return { ...site, postgres, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** The same behind PgBouncer in transaction mode, with nothing around it. */
export interface PooledSite extends OwnServerSite {
  readonly pooler: PgBouncer
}

export async function pooledSite(maxClients?: number): Promise<PooledSite> {
  await using building = new AsyncDisposableStack()
  const postgres = building.use(await startPostgres15())
  const pooler = building.use(await startPgBouncer(postgres.url, undefined, maxClients))
  const site = building.use(await faultSite(pooler.url))
  const owned = building.move()
  return { ...site, databaseUrl: postgres.url, postgres, pooler, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

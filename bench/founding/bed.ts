import { join } from 'node:path'
import { startPgBouncer } from '../../test/support/pgbouncer.ts'
import { startPostgres15 } from '../../test/support/postgres15.ts'
import { accountFolder } from '../../test/support/child-server.ts'
import { startCauseway, type RunningCauseway } from '../lab/sites/causeway.ts'

/** A gateway as many run it: before it nobody, behind it a pooler in transaction mode and a PostgreSQL that guards itself. */
export interface Bed extends AsyncDisposable {
  readonly gateway: RunningCauseway
  /** Past the pooler. */
  readonly databaseUrl: string
  /** Of server, pooler and gateway. */
  readonly logs: readonly string[]
}

/** Connections of the pooler to the server. */
export const POOL = 10

const SERVER_LOG = 'server.log'

export async function makeBed(say: (text: string) => void, signal: AbortSignal): Promise<Bed> {
  await using building = new AsyncDisposableStack()
  const folder = building.use(await accountFolder())
  say('starting PostgreSQL 15, PgBouncer in transaction mode and Causeway')
  const postgres = building.use(
    await startPostgres15({
      idle_in_transaction_session_timeout: '5s',
      logging_collector: 'on',
      log_directory: folder.path,
      log_filename: SERVER_LOG,
      log_rotation_age: '0',
      log_line_prefix: '%m [%p] %e ',
      max_connections: '100',
    }),
  )
  signal.throwIfAborted()
  const pooler = building.use(await startPgBouncer(postgres.url, POOL))
  signal.throwIfAborted()
  const gateway = building.use(
    await startCauseway({
      env: {
        DATABASE_URL: pooler.url,
        DATABASE_DIRECT_URL: postgres.url,
        DATABASE_POOL_SIZE: String(POOL),
        CAUSEWAY_WORKERS: '2',
      },
      signal,
    }),
  )
  const owned = building.move()
  return {
    gateway,
    databaseUrl: postgres.url,
    logs: [join(folder.path, SERVER_LOG), pooler.logFile, gateway.logFile],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

import type { PlainClient } from './client.ts'
import { StartError } from '#/errors/start-error.ts'

const OLDEST = 15

interface Server {
  readonly version: string
  readonly encoding: string
  readonly readOnly: boolean
}

/** Refuses a server that cannot carry the schema, before anything is written to it. */
export async function assertUsable(client: PlainClient): Promise<void> {
  const { rows } = await client.query<Server>(
    `/*source='migrate'*/ SELECT current_setting('server_version') AS version, current_setting('server_encoding') AS encoding,
      pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS "readOnly"`,
  )
  const server = rows[0]
  if (server === undefined) throw new StartError('the database did not say which version it is')
  if (Number.parseInt(server.version, 10) < OLDEST) {
    throw new StartError(`the database is PostgreSQL ${server.version}; Causeway needs ${OLDEST} or later: upgrade it`)
  }
  if (server.encoding !== 'UTF8') {
    throw new StartError(
      `the database stores ${server.encoding}; create one with ENCODING 'UTF8' and name it in DATABASE_URL`,
    )
  }
  if (server.readOnly) {
    throw new StartError(
      'the database is read-only (a standby, or default_transaction_read_only): name the primary in DATABASE_URL, or make it writable',
    )
  }
}

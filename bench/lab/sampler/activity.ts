import { Client } from 'pg'

/** Names the laboratory's own connection; it is in no count. */
export const LAB_NAME = 'causeway-lab'

/** One connection of the gateway, as PostgreSQL sees it. Ages in milliseconds. */
export interface Connection {
  readonly source: string
  readonly state: string
  /** In this state. */
  readonly ageMs: number
  /** Of its transaction; null: there is none. */
  readonly transactionMs: number | null
}

/** A pooler asks for accounts and health in its own name. */
const LOOK = `/*source='lab'*/
  SELECT coalesce(substring(query FROM '^\\s*/\\*\\s*source=''([^'']*)''\\s*\\*/'), '?') AS source,
    coalesce(state, '?') AS state,
    greatest(0, extract(epoch FROM clock_timestamp() - state_change) * 1000)::float8 AS "ageMs",
    greatest(0, extract(epoch FROM clock_timestamp() - xact_start) * 1000)::float8 AS "transactionMs"
  FROM pg_stat_activity
  WHERE backend_type = 'client backend' AND datname = current_database()
    AND application_name <> '${LAB_NAME}' AND application_name !~* '^(pgbouncer|pgcat|odyssey|supavisor)'`

const ANSWERED_WITHIN_MS = 5_000

/** The one connection that looks. Opened anew when it was lost. */
export class Observer implements AsyncDisposable {
  readonly #url: string
  #client: Client | undefined

  constructor(url: string) {
    this.#url = url
  }

  async look(): Promise<readonly Connection[]> {
    const client = (this.#client ??= await connect(this.#url))
    try {
      return (await client.query<Connection>(LOOK)).rows
    } catch (error) {
      this.#client = undefined
      client.end().catch(() => undefined)
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await client?.end().catch(() => undefined)
  }
}

async function connect(url: string): Promise<Client> {
  const client = new Client({
    connectionString: url,
    application_name: LAB_NAME,
    connectionTimeoutMillis: ANSWERED_WITHIN_MS,
    query_timeout: ANSWERED_WITHIN_MS,
  })
  // The query that runs meanwhile fails by itself.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

import { Client, types, type ClientConfig } from 'pg'
import { assertNoTransaction } from '#/lib/held-connection.ts'

/** Settings that pg would send on connect. PgBouncer refuses them, so the store has none; limits travel with each statement. */
const NEVER_SENT = [
  'options',
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'query_timeout',
  'replication',
]

type Connected = ((error: Error) => void) | ((error: null, client: Client) => void)

/** A pg client that names user, database and application (and pg its encoding) on connect and nothing else, whatever URL or environment say. */
export class PlainClient extends Client {
  getStartupConf(): Record<string, string> {
    const { user, database } = this
    return { user: user ?? '', database: database ?? '', application_name: 'causeway' }
  }

  override connect(): Promise<Client>
  override connect(done: Connected): void
  override connect(done?: Connected): Promise<Client> | void {
    assertNoTransaction('connecting to the database')
    return done === undefined ? super.connect() : super.connect(done)
  }
}

/** pg's settings for a connection URL: TCP, or a unix socket as `postgresql:///name?host=/folder`. */
export function clientConfig(url: string): ClientConfig {
  return { connectionString: withoutStartupParameters(url), keepAlive: true, types: { getTypeParser } }
}

function withoutStartupParameters(url: string): string {
  const at = url.indexOf('?')
  if (at < 0) return url
  const query = new URLSearchParams(url.slice(at + 1))
  for (const name of NEVER_SENT) query.delete(name)
  return query.size === 0 ? url.slice(0, at) : `${url.slice(0, at)}?${query.toString()}`
}

const INT8 = 20

type Parse = (value: string) => unknown
const driverParser = types.getTypeParser as (oid: number, format?: 'text' | 'binary') => Parse

/** bigint is a number here (what is not exact throws), timestamptz a Date, jsonb parsed, bytea a Buffer, numeric a string. */
function getTypeParser(oid: number, format?: 'text' | 'binary'): Parse {
  return oid === INT8 && format !== 'binary' ? exactInteger : driverParser(oid, format)
}

function exactInteger(value: string): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw new RangeError(`the database returned ${value}, beyond exact integers`)
  return number
}

import { clientConfig, PlainClient } from './client.ts'

const PATIENCE_MS = 3_000

/** A connection of its own for as long as `work` takes. */
export async function withClient<T>(url: string, work: (client: PlainClient) => Promise<T>): Promise<T> {
  const client = new PlainClient({ ...clientConfig(url), connectionTimeoutMillis: PATIENCE_MS })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** The one row of a statement. */
export async function row<T extends object>(client: PlainClient, sql: string): Promise<T> {
  const { rows } = await client.query<T>(`/*source='doctor'*/ ${sql}`)
  if (rows[0] === undefined) throw new Error('the database gave no answer')
  return rows[0]
}

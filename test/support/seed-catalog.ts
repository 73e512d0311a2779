import { makeAdminSql } from './principals.ts'
import { Client } from 'pg'

export interface SeedOptions {
  readonly gateways: number
  readonly tools: number
  /** About as long as each definition is. 300. */
  readonly bytesPerTool?: number
}

const id = (prefix: string, n: string): string => `'${prefix}' || lpad(to_hex(${n}), 30, '0')`

export const ADMIN_ID = '0f'.padEnd(32, '0')

/** The id of the n-th seeded thing. */
export const seededId = (kind: 'gateway' | 'tool', n: number): string =>
  (kind === 'gateway' ? 'a0' : 'b0') + n.toString(16).padStart(30, '0')

/**
 * Fills an empty catalog with as many tools as wanted in seconds: one administrator, `gateways` gateways of equally many tools each.
 * Written straight into the tables, as if it had always been there: the clock does not move.
 */
export async function seedCatalog(url: string, { gateways, tools, bytesPerTool = 300 }: SeedOptions): Promise<void> {
  const client = new Client(url)
  await client.connect()
  try {
    await client.query(
      `INSERT INTO users (id, email) VALUES ('${ADMIN_ID}', 'admin@example.com') ON CONFLICT DO NOTHING`,
    )
    await client.query(makeAdminSql(ADMIN_ID))
    await client.query(`
      INSERT INTO gateways (id, name, slug, url, owner_id, created_at)
      SELECT ${id('a0', 'n')}, 'gateway ' || n, 'gateway-' || n, 'http://127.0.0.1:9/' || n, '${ADMIN_ID}',
        timestamptz '2026-01-01' + n * interval '1 second'
      FROM generate_series(0, ${gateways - 1}) AS n`)
    await client.query(`
      INSERT INTO gateway_states (gateway_id, status, reachable, era, revision)
      SELECT id, 'active', true, 'modern', '2026-07-28' FROM gateways`)
    await client.query(`
      INSERT INTO tools (id, gateway_id, original_name, name, custom_name, definition, digest, position, owner_id)
      SELECT ${id('b0', 'n')}, ${id('a0', `n % ${gateways}`)}, 'tool_' || n, 'gateway-' || n % ${gateways} || '-tool-' || n,
        'tool_' || n, d.definition, sha256(convert_to(d.definition, 'UTF8')), n / ${gateways}, '${ADMIN_ID}'
      FROM generate_series(0, ${tools - 1}) AS n, LATERAL (SELECT
        '{"name":"tool_' || n || '","description":"' || repeat('x', ${bytesPerTool} - 120)
        || '","inputSchema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}}' AS definition) AS d`)
    await client.query('ANALYZE')
  } finally {
    await client.end()
  }
}

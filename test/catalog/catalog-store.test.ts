import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { applyChanges } from '../../src/catalog/apply.ts'
import { openCatalog } from '../../src/catalog/keeper.ts'
import { loadState } from '../../src/catalog/load.ts'
import { catalogReader } from '../../src/store/catalog-store.ts'
import { testDatabase } from '../support/database.ts'
import { dumpState } from '../support/dump-state.ts'
import { quiet } from '../support/quiet.ts'
import { ADMIN_ID, seedCatalog, seededId } from '../support/seed-catalog.ts'
import { PLATFORM_ADMIN_ROLE } from '#/access/ids.ts'
import { PLATFORM_ADMIN } from '#/access/roles.ts'

const id = (prefix: string, n: number): string => prefix + n.toString(16).padStart(30, '0')
const SERVER = id('c0', 1)

async function seeded(tools = 10) {
  const database = await testDatabase()
  await seedCatalog(database.url, { gateways: 2, tools })
  return database
}

test('everything is read as it stands in the tables', async () => {
  await using database = await seeded()
  await database.sql(`UPDATE gateways SET credential = 'sealed', passthrough_headers = '["x-a"]', timeout_ms = 5000, version = 3
    WHERE id = '${seededId('gateway', 0)}'`)
  await database.sql(`UPDATE gateway_states SET era = 'legacy', revision = '2025-06-18', stateful = true, capabilities = '{"a":1}',
    server_info = '{}', instructions = 'do', reachable = false WHERE gateway_id = '${seededId('gateway', 0)}'`)
  await database.sql(`INSERT INTO teams (id, name, slug) VALUES ('${id('d0', 1)}', 'A', 'a')`)
  await database.sql(`INSERT INTO team_members (id, team_id, user_id, is_owner)
    VALUES ('${id('d1', 1)}', '${id('d0', 1)}', '${ADMIN_ID}', true)`)
  await database.sql(
    `INSERT INTO roles (id, name, scope, permissions) VALUES ('${id('d2', 1)}', 'odd', 'team', '["tools.read", "no"]')`,
  )
  await database.sql(`INSERT INTO role_assignments (id, user_id, role_id, team_id, expires_at)
    VALUES ('${id('d3', 1)}', '${ADMIN_ID}', '${id('d2', 1)}', '${id('d0', 1)}', '2031-02-03T04:05:06.789Z')`)
  await database.sql(`UPDATE tools SET param_headers = '[{"header":"X","path":["a"],"type":"string"}]', custom_title = 'T',
    visibility = 'team', team_id = '${id('d0', 1)}' WHERE id = '${seededId('tool', 0)}'`)
  await database.sql(`INSERT INTO prompts (id, gateway_id, original_name, name, custom_name, definition, digest, enabled)
    VALUES ('${id('e0', 1)}', '${seededId('gateway', 1)}', 'p', 'gateway-1-p', 'p', '{"name":"p"}', '\\x01', false)`)
  await database.sql(`INSERT INTO resources (id, gateway_id, is_template, uri, name, definition, digest, created_at)
    VALUES ('${id('f0', 1)}', '${seededId('gateway', 1)}', true, 'x:{a}', 'r', '{"name":"r"}', '\\x02', '2026-02-03T04:05:06.789Z')`)
  await database.sql(`INSERT INTO servers (id, name, description) VALUES ('${SERVER}', 'team tools', 'd')`)
  await database.sql(`INSERT INTO server_items (server_id, kind, tool_id, position, name) VALUES
    ('${SERVER}', 'tool', '${seededId('tool', 4)}', 2, NULL), ('${SERVER}', 'tool', '${seededId('tool', 2)}', 1, 'mine')`)
  await database.sql(`INSERT INTO server_items (server_id, kind, resource_id, description) VALUES
    ('${SERVER}', 'resource', '${id('f0', 1)}', 'here')`)
  const state = await loadState(catalogReader(database.db))
  expect(state.users.get(ADMIN_ID)).toEqual({
    id: ADMIN_ID,
    email: 'admin@example.com',
    enabled: true,
    memberships: [{ teamId: id('d0', 1), isOwner: true }],
    assignments: [
      { roleId: PLATFORM_ADMIN_ROLE, teamId: null, expiresAt: null },
      { roleId: id('d2', 1), teamId: id('d0', 1), expiresAt: Date.parse('2031-02-03T04:05:06.789Z') },
    ],
  })
  expect(state.teams.get(id('d0', 1))).toEqual({ id: id('d0', 1), name: 'A' })
  expect(state.roles.get(id('d2', 1))).toEqual({
    id: id('d2', 1),
    name: 'odd',
    scope: 'team',
    permissions: new Set(['tools.read']),
  })
  expect(state.roles.get(PLATFORM_ADMIN_ROLE)).toBe(PLATFORM_ADMIN)
  expect(state.parts.get(seededId('gateway', 0))?.gateway).toEqual({
    id: seededId('gateway', 0),
    name: 'gateway 0',
    slug: 'gateway-0',
    url: 'http://127.0.0.1:9/0',
    enabled: true,
    reachable: false,
    credential: 'sealed',
    passthroughHeaders: ['x-a'],
    stdio: null,
    transport: null,
    caCertificate: null,
    clientCert: null,
    clientKey: null,
    httpVersion: null,
    timeoutMs: 5000,
    era: 'legacy',
    revision: '2025-06-18',
    stateful: true,
    capabilities: '{"a":1}',
    serverInfo: '{}',
    instructions: 'do',
    version: 3,
    createdAt: Date.parse('2026-01-01T00:00:00Z'),
    ownerId: ADMIN_ID,
    teamId: null,
    visibility: 'public',
  })
  expect(state.tools.byName.one.get('gateway-0-tool-0')).toMatchObject({
    id: seededId('tool', 0),
    gatewayId: seededId('gateway', 0),
    originalName: 'tool_0',
    paramHeaders: [{ header: 'X', path: ['a'], type: 'string' }],
    customTitle: 'T',
    visibility: 'team',
    teamId: id('d0', 1),
    digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
  })
  expect(state.prompts.byId.get(id('e0', 1))).toMatchObject({
    enabled: false,
    digest: '01',
    definition: '{"name":"p"}',
  })
  expect(state.resources.byId.get(id('f0', 1))).toMatchObject({
    isTemplate: true,
    createdAt: Date.parse('2026-02-03T04:05:06.789Z'),
  })
  expect(state.servers.get(SERVER)?.server).toMatchObject({
    name: 'team tools',
    tools: [
      { id: seededId('tool', 2), name: 'mine', description: null, position: 1 },
      { id: seededId('tool', 4), name: null, description: null, position: 2 },
    ],
    prompts: [],
    resources: [{ id: id('f0', 1), name: null, description: 'here', position: 0 }],
  })
})

test('only live tokens are in the catalog, and a revoked one leaves it', async () => {
  await using database = await seeded(0)
  const token = (n: number) => `('${id('99', n)}', '${ADMIN_ID}', 't${n}', '\\x0${n}', 'h'`
  await database.sql(`INSERT INTO tokens (id, user_id, name, hash, hint, is_active, revoked_at, permissions, expires_at) VALUES
    ${token(1)}, true, NULL, '["tools.read"]', '2030-01-01T00:00:00Z'), ${token(2)}, false, NULL, NULL, NULL),
    ${token(3)}, true, now(), NULL, NULL)`)
  const reader = catalogReader(database.db)
  const state = await loadState(reader)
  expect([...state.tokens.values()]).toEqual([
    {
      id: id('99', 1),
      userId: ADMIN_ID,
      teamId: null,
      hash: '01',
      permissions: ['tools.read'],
      serverId: null,
      expiresAt: Date.parse('2030-01-01T00:00:00Z'),
      limits: null,
    },
  ])
  const { seq } = await database.db.write('test', async (tx) => {
    await tx.sql.updateTable('tokens').set({ revoked_at: new Date() }).where('id', '=', id('99', 1)).execute()
    tx.changed('token', id('99', 1))
  })
  const told = await reader.changesSince(state.seq)
  expect(told).toEqual({ seq, changes: [{ seq, kind: 'token', id: id('99', 1) }] })
  const next = await applyChanges(state, { seq: told.seq, changes: told.changes ?? [] }, reader)
  expect([next.tokens.size, next.tokensByHash.get('01')]).toEqual([0, undefined])
})

test('lists of more than one page are read to the end, of everything and of one gateway', async () => {
  await using database = await seeded(2_600)
  await database.sql(`INSERT INTO resources (id, gateway_id, is_template, uri, name, definition, digest)
    SELECT 'f0' || lpad(to_hex(n), 30, '0'), '${seededId('gateway', 1)}', n % 2 = 0, 'x:' || n, 'r', '{}', '\\x00'
    FROM generate_series(1, 1300) AS n`)
  await database.sql(`INSERT INTO prompts (id, gateway_id, original_name, name, custom_name, definition, digest)
    SELECT 'e0' || lpad(to_hex(n), 30, '0'), '${seededId('gateway', 1)}', 'p' || n, 'p' || n, 'p', '{}', '\\x00'
    FROM generate_series(1, 700) AS n`)
  await database.sql(
    `INSERT INTO servers (id, name) SELECT 'c0' || lpad(to_hex(n), 30, '0'), n FROM generate_series(1, 45) AS n`,
  )
  const reader = catalogReader(database.db)
  const state = await loadState(reader)
  expect([state.tools.byId.size, state.resources.byId.size, state.prompts.byId.size, state.servers.size]).toEqual([
    2_600, 1_300, 700, 45,
  ])
  await database.sql(`UPDATE tools SET position = position + 1 WHERE gateway_id = '${seededId('gateway', 1)}'`)
  await database.sql(`DELETE FROM tools WHERE id = '${seededId('tool', 1)}'`)
  await database.sql(`DELETE FROM resources WHERE uri = 'x:7'`)
  await database.sql(`UPDATE prompts SET enabled = false`)
  const change = { seq: 1, kind: 'gateway_items', id: seededId('gateway', 1) } as const
  const next = await applyChanges(state, { seq: 0, changes: [change] }, reader)
  expect(dumpState(next)).toEqual(dumpState(await loadState(reader)))
  expect(next.tools.byId.size).toBe(2_599)
})

test('an upstream that goes takes its things along, also out of virtual servers', async () => {
  await using database = await seeded()
  await database.sql(`INSERT INTO servers (id, name) VALUES ('${SERVER}', 's')`)
  await database.sql(`INSERT INTO server_items (server_id, kind, tool_id) SELECT '${SERVER}', 'tool', id FROM tools`)
  await using catalog = await openCatalog({ reader: catalogReader(database.db), log: quiet })
  expect(catalog.current.server(SERVER)?.tools.length).toBe(10)
  const gone = seededId('gateway', 0)
  const { seq } = await database.db.write('test', async (tx) => {
    await tx.sql.deleteFrom('gateways').where('id', '=', gone).execute()
    tx.changed('gateway', gone)
  })
  await catalog.applied(seq ?? 0, 5_000)
  expect(catalog.current.server(SERVER)?.tools.length).toBe(5)
  expect(dumpState(catalog.state)).toEqual(dumpState(await loadState(catalogReader(database.db))))
})

test('a lower change that commits after a higher one would have is not missed: numbers follow commits', async () => {
  await using database = await seeded()
  await using catalog = await openCatalog({ reader: catalogReader(database.db), log: quiet, pollMs: 30 })
  const title = (n: number, seconds: number) =>
    database.db.write('test', async (tx) => {
      await tx.sql
        .updateTable('tools')
        .set({ custom_title: `t${n}` })
        .where('id', '=', seededId('tool', n))
        .execute()
      tx.changed('tool', seededId('tool', n))
      // The one thing that a transaction may wait for is a statement of its own.
      if (seconds > 0) await sql`SELECT pg_sleep(${seconds})`.execute(tx.sql)
    })
  const slow = title(1, 1.5)
  const fast = await title(2, 0)
  await catalog.applied(fast.seq ?? 0, 5_000)
  expect(catalog.current.tool(seededId('tool', 1))?.customTitle).toBeNull()
  const late = await slow
  expect(late.seq).toBeGreaterThan(fast.seq ?? 0)
  await catalog.applied(late.seq ?? 0, 5_000)
  expect(catalog.current.tool(seededId('tool', 1))?.customTitle).toBe('t1')
})

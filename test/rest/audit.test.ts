import { afterAll, beforeAll, expect, test } from 'vitest'
import { restHarness, type RestHarness } from './harness.ts'

let rest: RestHarness
beforeAll(async () => {
  rest = await restHarness()
})
afterAll(async () => await rest[Symbol.asyncDispose]())

test('a change of a gateway is kept with the names of what changed, never with a secret', async () => {
  const auth = { auth_type: 'bearer', auth_token: 'first-s3cr3t' }
  const made = await rest.ask('POST', '/gateways', { body: { name: 'one', url: 'http://127.0.0.1:9/', ...auth } })
  const body = { description: 'new', auth_type: 'bearer', auth_token: 'second-s3cr3t' }
  expect((await rest.ask('PUT', `/gateways/${made.body.id}`, { body })).status).toBe(200)
  const rows = await rest.database.sql<{ detail: string }>(
    `SELECT detail::text FROM audit_log WHERE action = 'gateways.update'`,
  )
  expect(rows.map(({ detail }) => JSON.parse(detail))).toEqual([
    { name: 'one', url: 'http://127.0.0.1:9/', changed: ['description', 'credential'] },
  ])
  expect(rows[0]?.detail).not.toContain('s3cr3t')
})

test('what was changed is read in pages, found by its action, and taken away as lines', async () => {
  for (const name of ['two', 'three'])
    expect((await rest.ask('POST', '/gateways', { body: { name, url: `http://127.0.0.1:9/${name}` } })).status).toBe(
      200,
    )
  const first = await rest.ask('GET', '/v1/audit?action=gateways&limit=2')
  expect(first.body.records.map((one: { detail: { name: string } }) => one.detail.name)).toEqual(['three', 'two'])
  const second = await rest.ask('GET', `/audit?action=gateways&limit=50&before=${first.body.next_before}`)
  expect(second.body.next_before).toBeNull()
  expect(second.body.records.at(-1)).toMatchObject({ action: 'gateways.create', target_kind: 'gateway' })

  const lines = await rest.ask('GET', '/audit/export')
  expect(lines.headers.get('content-type')).toContain('application/jsonl')
  const records = lines.text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(records.length).toBeGreaterThanOrEqual(4)
  const table = await rest.ask('GET', '/audit/export?format=csv&action=gateways.create')
  expect(table.text.split('\r\n')).toHaveLength(5)

  const verdict = await rest.ask('GET', `/audit/verify?head=${records[0].head}`)
  expect(verdict.body).toEqual({
    intact: true,
    records: records.length,
    head: records.at(-1).head,
    forgotten_through: null,
    sealed_from: null,
    security_log: { intact: true, records: 0 },
  })
})

test.each([
  ['/audit?since=yesterday', 'since'],
  ['/audit?limit=0', 'limit'],
  ['/audit/export?format=xml', 'format'],
  ['/audit/refusals?kind=odd', 'kind'],
  ['/audit/verify?head=abc', 'head'],
])('%s names what is wrong', async (path, field) => {
  const answer = await rest.ask('GET', path)
  expect([answer.status, answer.body.field]).toEqual([422, field])
})

test('the record is for those who may look into security', async () => {
  for (const path of ['/audit', '/audit/verify', '/audit/export', '/audit/refusals'])
    expect((await rest.ask('GET', path, { token: 'reader' })).status).toBe(403)
})

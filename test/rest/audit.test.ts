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

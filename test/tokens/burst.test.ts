import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startSlowServer } from '../fixtures/slow-server.ts'
import { testDatabase } from '../support/database.ts'
import { startGateway } from '../support/gateway.ts'

const LIMIT = 3
const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'up-echo', arguments: { text: 'x' } } }

test('calls of a limited token that begin at once are no more than its limit, on each worker', async () => {
  await using upstream = await startSlowServer()
  await using database = await testDatabase()
  await using gateway = await startGateway({ env: { DATABASE_URL: database.url, CAUSEWAY_WORKERS: '2' } })
  await gateway.register('up', upstream.at('modern'))
  const scope = { usage_limits: { requests_per_hour: LIMIT } }
  const { body } = await gateway.api('POST', '/v1/tokens', { name: 'limited', scope })
  await sleep(600)
  const headers = { authorization: `Bearer ${String(body['access_token'])}`, 'content-type': 'application/json' }
  const statuses = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const answer = await fetch(`${gateway.url}/rpc`, { method: 'POST', headers, body: JSON.stringify(call) })
      await answer.text()
      return answer.status
    }),
  )
  const answered = statuses.filter((status) => status === 200)
  expect(answered.length).toBeGreaterThanOrEqual(LIMIT)
  expect(answered.length).toBeLessThanOrEqual(LIMIT * 2)
  expect(new Set(statuses)).toEqual(new Set([200, 429]))
}, 60_000)

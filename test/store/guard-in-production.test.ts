import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'

const DEFECT = pathToFileURL(join(import.meta.dirname, '../fixtures/planted-defect.ts')).href

async function scraped({ url, token }: RunningGateway): Promise<string> {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })
  return await answer.text()
}

interface Held {
  readonly source: string
  readonly what: string
  readonly err: { readonly stack: string }
}

test('a worker with a defect loses the transaction, not the connection, and says whose it was', async () => {
  await using t = await testDatabase()
  await using silent = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  const env = { DATABASE_URL: t.url, PLANTED_PORT: String(port), NODE_OPTIONS: `--import=${DEFECT}` }
  await using gateway = await startGateway({ env })
  expect(await scraped(gateway)).not.toMatch(/^causeway_connections_held_total\{/m)

  const worker = gateway.processes().find(({ command }) => command.includes('run-as-worker'))
  process.kill(worker?.pid ?? 0, 'SIGUSR2')
  await expect
    .poll(() => scraped(gateway), { timeout: 5_000 })
    .toMatch(/^causeway_connections_held_total\{.*planted-n/m)

  const metrics = await scraped(gateway)
  expect(metrics).toContain('causeway_connections_held_total{source="planted-ours"} 1')
  expect(metrics).toContain('causeway_connections_held_total{source="planted-nodes"} 1')
  const held = "SELECT query FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
  expect(await t.sql(`${held} AND datname = current_database()`)).toEqual([])
  expect(await t.sql('SELECT 1 FROM users WHERE NOT enabled')).toEqual([])

  const lines = async () =>
    (await gateway.output()).split('\n').filter((line) => line.includes('database.connection_held'))
  await expect.poll(lines, { timeout: 5_000 }).toHaveLength(2)
  const said = Object.fromEntries(
    (await lines()).map((line) => JSON.parse(line) as Held).map((line) => [line.source, line]),
  )
  expect(said).toEqual({
    'planted-ours': expect.objectContaining({ what: 'waiting for a place' }),
    'planted-nodes': expect.objectContaining({ what: 'waiting for something other than its statements' }),
  })
  expect(said['planted-ours']?.err.stack).toContain('planted-defect.ts')
})

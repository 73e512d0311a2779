import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { until } from '../support/stdio-host.ts'

const FIXTURE = join(import.meta.dirname, '../fixtures/stdio-server.ts')
const owned = new AsyncDisposableStack()
let gateway: RunningGateway

beforeAll(async () => {
  const database = owned.use(await testDatabase())
  gateway = owned.use(await startGateway({ env: { DATABASE_URL: database.url, CAUSEWAY_WORKERS: '2' } }))
})
afterAll(() => owned.disposeAsync())

/** What the tool answers, or the error; on a connection of its own, so that any worker may be asked. */
async function echo(id: string): Promise<string> {
  const response = await fetch(`${gateway.url}/gateways/${id}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${gateway.token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      connection: 'close',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'echo', arguments: { text: 'here' } },
    }),
  })
  const { result, error } = (await response.json()) as {
    readonly result?: { readonly content: readonly { readonly text: string }[] }
    readonly error?: { readonly message: string }
  }
  return result?.content[0]?.text ?? error?.message ?? ''
}

test('no call is lost while its command, its era and how it is shared change', async () => {
  const made = await gateway.api('POST', '/v1/gateways', {
    name: 'moving',
    transport: 'STDIO',
    command: process.execPath,
    args: [FIXTURE],
    env: { MODE: 'x' },
  })
  const { id } = made.body
  // Until every worker knows the new gateway.
  await until(async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => echo(id)))
    return answers.every((text) => text === 'here')
  })
  const lost: string[] = []
  let [answered, isOver] = [0, false]
  const calling = Array.from({ length: 6 }, async () => {
    while (!isOver) {
      const text = await echo(id)
      if (text === 'here') answered++
      else lost.push(text)
    }
  })
  const changes = [
    { env: { MODE: 'y' } },
    { sharing: 'per_principal' },
    { args: [FIXTURE, '--modern'] },
    { args: [FIXTURE], sharing: 'shared' },
    { env: { MODE: 'z' } },
  ]
  for (const change of changes) {
    expect((await gateway.api('PUT', `/v1/gateways/${id}`, change)).status).toBe(200)
    await sleep(1_000)
  }
  isOver = true
  await Promise.all(calling)
  console.log(`${answered} calls while ${changes.length} changes were made`)
  expect(lost).toEqual([])
  expect(answered).toBeGreaterThan(100)
})

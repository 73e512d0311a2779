import { expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import { FIXTURE } from '../support/stdio-host.ts'

const CALLS = 200
const START_S = 4
/** With the one connection held while a process starts, the requests beside would wait for all of them in turn. */
const LIMIT_S = 3

test('processes that take seconds to start hold no database connection, and nobody else waits', async () => {
  await using gateway = await startGateway({ env: { DATABASE_POOL_SIZE: '1', CAUSEWAY_WORKERS: '1' } })
  const register = async (name: string, flags: readonly string[], sharing: string): Promise<string> => {
    const body = { name, transport: 'STDIO', command: process.execPath, args: [FIXTURE, ...flags], sharing }
    const made = await gateway.api('POST', '/v1/gateways', body)
    expect(made.body['reachable'], JSON.stringify(made.body)).toBe(true)
    return made.body.id
  }
  const call = async (id: string, text: string): Promise<boolean> => {
    const params = { name: 'echo', arguments: { text } }
    const { body } = await gateway.api('POST', `/gateways/${id}/mcp`, {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params,
    })
    return JSON.stringify(body).includes(`"text":"${text}"`)
  }
  const slow = await register('slow-start', [`--start-in=${START_S}`], 'per_principal')
  const quick = await register('quick', [], 'shared')
  const began = performance.now()
  const cold = Promise.all(Array.from({ length: CALLS }, (_, n) => call(slow, `cold ${n}`)))
  const beside = await Promise.all([
    gateway.api('GET', '/v1/gateways'),
    gateway.api('PUT', `/v1/gateways/${quick}`, { description: 'changed meanwhile' }),
    ...Array.from({ length: 20 }, (_, n) => call(quick, `quick ${n}`)),
  ])
  const besideS = (performance.now() - began) / 1000
  expect(beside.slice(2)).toEqual(Array.from({ length: 20 }, () => true))
  expect(await cold).toEqual(Array.from({ length: CALLS }, () => true))
  expect(besideS).toBeLessThan(LIMIT_S)
  expect((performance.now() - began) / 1000).toBeGreaterThan(START_S)
}, 60_000)

import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { startSlowServer } from '../fixtures/slow-server.ts'
import { testDatabase } from '../support/database.ts'
import { databaseRelay } from '../support/database-relay.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { until } from './site.ts'

const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'up-echo', arguments: { text: 'x' } } }

/** Status of a call, on a connection of its own, and what was said of it. */
async function called(gateway: RunningGateway, token: string): Promise<readonly [number, string]> {
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    connection: 'close',
  }
  const answer = await fetch(`${gateway.url}/mcp`, { method: 'POST', headers, body: JSON.stringify(call) })
  return [answer.status, await answer.text()]
}

async function token(gateway: RunningGateway, name: string, scope: object): Promise<string> {
  const { status, body } = await gateway.api('POST', '/v1/tokens', { name, scope })
  expect([status, body['detail']]).toEqual([201, undefined])
  return String(body['access_token'])
}

test('calls that are used up stay so in a worker that begins while the database is away', async () => {
  await using database = await testDatabase()
  await using relay = await databaseRelay(database.url)
  await using upstream = await startSlowServer()
  const dataDir = await mkdtemp(join(tmpdir(), 'cw-'))
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
  const env = { DATABASE_URL: relay.url, CAUSEWAY_WORKERS: '2', CAUSEWAY_START_WITHOUT_DATABASE: 'true' }
  const tokens = { spent: '', fresh: '', free: '' }
  {
    await using first = await startGateway({ env, dataDir })
    await first.register('up', upstream.at('modern'))
    const limited = { usage_limits: { requests_per_month: 3 } }
    tokens.spent = await token(first, 'spent', limited)
    tokens.fresh = await token(first, 'fresh', limited)
    tokens.free = await token(first, 'free', {})
    const made = Date.now()
    // The worker that answered knows them at once, the other one in a moment.
    await sleep(2_000)
    const seen: number[] = []
    await until(
      'it is used up',
      async () => {
        seen.push((await called(first, tokens.spent))[0])
        await sleep(1_500)
        return seen.at(-1) === 429
      },
      30_000,
    )
    // Slowly, and over two workers: to the last call and not once more.
    expect(seen).toEqual([200, 200, 200, 429])
    const changedAt = async (file: string): Promise<number> =>
      (await stat(join(dataDir, 'snapshot', file)).catch(() => null))?.mtimeMs ?? 0
    await until('a snapshot has them', async () => (await changedAt('access')) > made, 10_000)
    await until('and what they call', async () => (await changedAt('things')) > 0, 10_000)
  }
  relay.set('closed')
  await using second = await startGateway({ env, dataDir })
  expect((await called(second, tokens.free))[0]).toBe(200)
  for (let n = 0; n < 8; n++) {
    const [[spent, said], [fresh]] = [await called(second, tokens.spent), await called(second, tokens.fresh)]
    expect([spent, fresh]).toEqual([503, 503])
    expect(said).toContain('how many there were is not known while the database is out of reach')
  }
  relay.set('open')
  let known = 0
  const inARow = async (): Promise<boolean> => {
    known = (await called(second, tokens.spent))[0] === 503 ? 0 : known + 1
    return known >= 10
  }
  await until('every worker knows it again', inARow, 15_000)
  for (let n = 0; n < 8; n++) expect((await called(second, tokens.spent))[0]).toBe(429)
  expect((await called(second, tokens.fresh))[0]).toBe(200)
})

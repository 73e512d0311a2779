import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TokenId } from '#/access/ids.ts'
import { openDatabase } from '#/store/database.ts'
import { startSlowServer, type SlowServer } from '../fixtures/slow-server.ts'
import { databaseRelay, type DatabaseRelay } from '../support/database-relay.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { quiet } from '../support/quiet.ts'
import { ownPostgres, until, type OwnPostgres } from './site.ts'

const WORKERS = 3
const LIMIT_MS = 1_000

let postgres: OwnPostgres
let upstream: SlowServer
let databaseUrl: string
let direct: DatabaseRelay
let gateway: RunningGateway

beforeAll(async () => {
  upstream = await startSlowServer()
  postgres = await ownPostgres()
  databaseUrl = await postgres.database()
  direct = await databaseRelay(databaseUrl)
  const env = { CAUSEWAY_WORKERS: String(WORKERS), DATABASE_URL: databaseUrl, DATABASE_DIRECT_URL: direct.url }
  gateway = await startGateway({ env })
  await gateway.register('up', upstream.at('modern'))
})
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await direct?.[Symbol.asyncDispose]()
  await postgres?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
})

interface Token {
  readonly id: string
  readonly text: string
}

async function makeToken(scope?: object): Promise<Token> {
  const { status, body } = await gateway.api('POST', '/v1/tokens', {
    name: `t ${Math.random()}`,
    ...(scope && { scope }),
  })
  if (status !== 201) throw new Error(JSON.stringify(body))
  return { id: (body['token'] as { id: string }).id, text: String(body['access_token']) }
}

const CALL =
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"up-echo","arguments":{"text":"x"},"_meta":' +
  '{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}'

/** A call on a connection of its own: connections go to the workers in turn. */
function callOnce(token: string): Promise<number> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'up-echo',
  }
  return new Promise((resolve, reject) => {
    const sent = request(`${gateway.url}/mcp`, { method: 'POST', headers, agent: false }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
    })
    sent.on('error', reject).end(CALL)
  })
}

const onEveryWorker = (token: string): Promise<number[]> =>
  Promise.all(Array.from({ length: 2 * WORKERS }, () => callOnce(token)))

/** How long after `change` was acknowledged any worker still answered `before`; from then on all say `after`. */
async function effectMs(
  token: string,
  change: () => Promise<unknown>,
  [before, after]: [number, number],
): Promise<number> {
  await until(
    'every worker knows it',
    async () => (await onEveryWorker(token)).every((each) => each === before),
    LIMIT_MS,
  )
  await change()
  const changed = performance.now()
  let last = 0
  while (performance.now() - changed < LIMIT_MS + 500) {
    const began = performance.now()
    const answers = await onEveryWorker(token)
    expect(answers.filter((status) => status !== before && status !== after)).toEqual([])
    if (answers.includes(before)) last = began - changed
    await sleep(20)
  }
  return last
}

const put = (token: Token, body: object) => gateway.api('PUT', `/v1/tokens/${token.id}`, body)

const CHANGES: readonly (readonly [string, (token: Token) => Promise<unknown>, number])[] = [
  ['revoked', (token) => gateway.api('DELETE', `/v1/tokens/${token.id}`), 401],
  ['deactivated', (token) => put(token, { is_active: false }), 401],
  ['narrowed', (token) => put(token, { scope: { permissions: ['tools.read'] } }), 403],
]

async function expectEffect(change: (token: Token) => Promise<unknown>, after: number): Promise<number> {
  const token = await makeToken()
  const ms = await effectMs(token.text, () => change(token), [200, after])
  expect(ms).toBeLessThan(LIMIT_MS)
  expect(new Set(await onEveryWorker(token.text))).toEqual(new Set([after]))
  return Math.round(ms)
}

describe(`on each of ${WORKERS} workers in under a second, a token is`, () => {
  test.each(CHANGES)('%s', async (name, change, after) => {
    console.log(name, await expectEffect(change, after), 'ms')
  })

  test('active again', async () => {
    const token = await makeToken()
    await put(token, { is_active: false })
    await sleep(LIMIT_MS)
    expect(await effectMs(token.text, () => put(token, { is_active: true }), [401, 200])).toBeLessThan(LIMIT_MS)
  })

  test('expired, at the very time', async () => {
    const token = await makeToken()
    const inMs = 1_500
    await using db = await openDatabase({ url: databaseUrl, poolSize: 1, log: quiet })
    const expiresAt = new Date(Date.now() + inMs)
    await db.write('tests', async (tx) => {
      await tx.sql
        .updateTable('tokens')
        .set({ expires_at: expiresAt })
        .where('id', '=', TokenId.is(token.id) ? token.id : '')
        .execute()
      tx.changed('token', token.id)
    })
    const before = await onEveryWorker(token.text)
    expect(Date.now()).toBeLessThan(expiresAt.getTime())
    expect(new Set(before)).toEqual(new Set([200]))
    await sleep(expiresAt.getTime() - Date.now() + 5)
    expect(new Set(await onEveryWorker(token.text))).toEqual(new Set([401]))
  })
})

describe('with notifications lost, by polling alone', () => {
  beforeAll(() => direct.set('closed'))

  test.each(CHANGES)('%s', async (name, change, after) => {
    console.log(name, await expectEffect(change, after), 'ms by polling')
  })
})

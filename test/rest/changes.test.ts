import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makePeople, type People } from '../access/people.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'

const stack = new AsyncDisposableStack()
let database: TestDatabase
let gateway: RunningGateway
let people: People

beforeAll(async () => {
  database = stack.use(await testDatabase())
  gateway = stack.use(await startGateway({ env: { DATABASE_URL: database.url, CAUSEWAY_WORKERS: '2' } }))
  people = await makePeople(database.db)
  await sleep(1_000)
})
afterAll(async () => await stack.disposeAsync())

interface Heard extends Disposable {
  readonly status: number
  readonly type: string
  /** `type name-or-uri` of each event so far. */
  readonly events: string[]
  /** Resolves when the gateway has ended it. */
  readonly ended: Promise<void>
}

const ROUTES = { roots: ['GET', '/roots/changes'], resources: ['POST', '/v1/resources/subscribe'] } as const

/** Listens on a connection of its own: connections go to the workers in turn. */
async function listen(what: keyof typeof ROUTES, token = gateway.token): Promise<Heard> {
  const [method, path] = ROUTES[what]
  const headers = { authorization: `Bearer ${token}` }
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const sent: ClientRequest = request(gateway.url + path, { method, headers, agent: false }, resolve)
  sent.on('error', reject).end()
  const answer = await promise
  const events: string[] = []
  let text = ''
  answer.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    const whole = text.slice(0, text.lastIndexOf('\n\n') + 2)
    text = text.slice(whole.length)
    for (const [, json = ''] of whole.matchAll(/^data: (.*)$/gm)) events.push(told(JSON.parse(json) as Event))
  })
  const ended = new Promise<void>((done) => void answer.once('end', done).once('close', done))
  return {
    status: answer.statusCode ?? 0,
    type: answer.headers['content-type'] ?? '',
    events,
    ended,
    [Symbol.dispose]: () => void sent.destroy(),
  }
}

interface Event {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
  readonly timestamp: string
}

function told({ type, data, timestamp }: Event): string {
  expect(new Date(timestamp).toISOString()).toBe(timestamp)
  const { uri, name, enabled } = data
  return [type, uri, ...(name === undefined ? [] : [name]), ...(enabled === undefined ? [] : [enabled])].join(' ')
}

const seen = (heard: Heard, events: readonly string[]) =>
  expect.poll(() => heard.events, { timeout: 3_000, interval: 20 }).toEqual(events)

async function done(method: string, path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>> {
  const answer = await gateway.api(method, path, body)
  expect([method, path, answer.status < 300, answer.body]).toEqual([method, path, true, answer.body])
  return answer.body
}

test('roots: what is added, renamed and removed, whichever worker did it', async () => {
  using one = await listen('roots')
  using two = await listen('roots')
  expect([one.status, one.type]).toEqual([200, 'text/event-stream'])
  const steps = [
    ['root_added place://a/b b', () => done('POST', '/roots', { uri: 'place://a/b' })],
    ['root_added place://c sea', () => done('POST', '/roots', { uri: 'place://c', name: 'sea' })],
    ['root_updated place://c see', () => done('PUT', '/roots/place%3A%2F%2Fc', { name: 'see' })],
    ['root_removed place://a/b', () => done('DELETE', '/roots/place%3A%2F%2Fa%2Fb')],
  ] as const
  const events: string[] = []
  for (const [event, step] of steps) {
    await step()
    events.push(event)
    await seen(one, events)
    await seen(two, events)
  }
})

test('resources: each change is told at once, and only of what the reader sees', async () => {
  using admin = await listen('resources')
  using viewer = await listen('resources', people.tokens.viewer)
  using member = await listen('resources', people.tokens.member)
  const made = await done('POST', '/resources', {
    resource: { uri: 'text://shared', name: 'shared', content: 'a' },
  })
  const path = `/resources/${String(made['id'])}`
  const events = ['resource_added text://shared shared true']
  // By each before the next change: a worker that hears of two at once tells what came of them.
  const seenBy = async (...readers: readonly Heard[]) => {
    for (const reader of readers) await seen(reader, events)
  }
  await seenBy(admin, viewer, member)
  await done('PUT', path, { content: 'b' })
  events.push('resource_updated text://shared shared true')
  await seenBy(admin, viewer, member)
  await done('POST', `${path}/state?activate=false`)
  events.push('resource_deactivated text://shared shared false')
  await seenBy(admin, viewer, member)
  await done('POST', `${path}/state?activate=true`)
  events.push('resource_activated text://shared shared true')
  await seenBy(admin, viewer, member)
  await done('PUT', path, { visibility: 'team', teamId: people.teams.own })
  await seen(viewer, [...events, 'resource_deleted text://shared shared true'])
  events.push('resource_updated text://shared shared true')
  await seenBy(admin, member)
  await done('PUT', path, { description: 'for members' })
  events.push('resource_updated text://shared shared true')
  await seenBy(admin, member)
  await done('DELETE', path)
  events.push('resource_deleted text://shared shared true')
  await seenBy(admin, member)
  expect(viewer.events).toHaveLength(5)
})

test('a token that is revoked hears nothing more, in under a second', async () => {
  const made = await done('POST', '/v1/tokens', { name: 'listens' })
  const { id } = made['token'] as { readonly id: string }
  const token = String(made['access_token'])
  await sleep(1_000)
  using roots = await listen('roots', token)
  using resources = await listen('resources', token)
  expect([roots.status, resources.status]).toEqual([200, 200])
  await done('DELETE', `/v1/tokens/${id}`)
  const revoked = performance.now()
  await done('POST', '/roots', { uri: 'place://later' })
  await Promise.all([roots.ended, resources.ended])
  expect(performance.now() - revoked).toBeLessThan(1_000)
  expect([roots.events, resources.events]).toEqual([[], []])
})

test('roots are for administrators, and both streams need a token', async () => {
  using roots = await listen('roots', people.tokens.member)
  using stranger = await listen('resources', 'nobody')
  expect([roots.status, stranger.status]).toEqual([403, 401])
})

test('a principal has so many streams and no more, and one that is closed makes room', async () => {
  using held = new DisposableStack()
  const open = async (): Promise<number> => held.use(await listen('resources', people.tokens.developer)).status
  // Connections go to the workers in turn.
  for (let n = 0; n < 64; n++) expect(await open()).toBe(200)
  expect([await open(), await open()]).toEqual([429, 429])
  held[Symbol.dispose]()
  await sleep(200)
  using again = await listen('resources', people.tokens.developer)
  expect(again.status).toBe(200)
})

test('streams hold no connection of the database and end when the gateway does', async () => {
  await using other = await testDatabase()
  await using own = await startGateway({ env: { DATABASE_URL: other.url, DATABASE_POOL_SIZE: '1' } })
  const ends: Promise<string>[] = []
  const headers = { authorization: `Bearer ${own.token}` }
  for (let n = 0; n < 20; n++) {
    const answer = await fetch(`${own.url}/roots/changes`, { headers })
    expect(answer.status).toBe(200)
    ends.push(answer.text())
  }
  const began = performance.now()
  expect((await own.api('GET', '/v1/roots')).status).toBe(200)
  expect(performance.now() - began).toBeLessThan(1_000)
  const stopped = own.stop()
  expect(await Promise.all(ends)).toEqual(Array.from({ length: 20 }, () => ':\n\n'))
  expect(await stopped).toBe(0)
  expect(performance.now() - began).toBeLessThan(8_000)
})

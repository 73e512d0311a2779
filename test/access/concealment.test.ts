import { afterAll, beforeAll, expect, test } from 'vitest'
import { wireTap, type WireTap } from '../support/wire-tap.ts'
import { restDoors, type Door } from './doors.ts'
import { accessScene, type Scene } from './scene.ts'
import { NOUNS, type Noun } from './things.ts'

/** May do everything in its own team, so that nothing but sight keeps it from what it is not to see. */
const OUTSIDER = 'team admin'
const UNSEEN = ['private', 'other'] as const

let tap: WireTap
let scene: Scene
let doors: Door[]

beforeAll(async () => {
  scene = await accessScene(async (url) => (tap = await wireTap(url)).url)
  doors = restDoors(scene).filter(({ path }) => path.startsWith('/v1/'))
}, 60_000)
afterAll(async () => {
  await scene?.[Symbol.asyncDispose]()
  await tap?.[Symbol.asyncDispose]()
})

async function knock({ path, method, headers, body }: Pick<Door, 'path' | 'method' | 'headers' | 'body'>) {
  const answer = await fetch(scene.gateway.url + path, {
    method,
    headers: { ...headers, authorization: `Bearer ${scene.tokens[OUTSIDER]}` },
    ...(body !== undefined && { body }),
  })
  await answer.text()
  return answer.status
}

/** What a request made the database say: each statement of its part of the house, with the number of rows that came back. */
async function heard(door: Door, noun: Noun): Promise<readonly string[]> {
  const from = tap.sent.length
  await knock(door)
  return tap.sent
    .slice(from)
    .filter(({ text }) => text.startsWith(`/*source='${noun}'*/`) && text.includes('$1') && !isOfTheHouse(text))
    .map(({ text, rows }) => `${text}: ${rows}`)
}

/** What the gateway does by itself from time to time. */
const isOfTheHouse = (text: string): boolean => /next_check|due|lease/i.test(text)

const nounOf = ({ path }: Door): Noun => NOUNS.find((noun) => path.startsWith(`/v1/${noun}/`)) ?? 'tools'

test('what is asked of the database about a thing that may not be seen, and what it answers, is what it is about none', async () => {
  const hidden = doors.filter(({ place }) => UNSEEN.some((each) => each === place))
  expect(hidden.length).toBeGreaterThan(60)
  const told: Record<string, unknown> = {}
  const silent: Record<string, unknown> = {}
  let asking = 0
  for (const door of hidden) {
    const absent = doors.find(({ name }) => name === door.absent)
    if (absent === undefined) throw new Error(`no door beside ${door.name}`)
    const [without, beside] = [await heard(absent, nounOf(door)), await heard(door, nounOf(door))]
    told[door.name] = beside
    silent[door.name] = without
    if (without.length > 0) asking++
  }
  // Most doors ask the database; the others are answered from memory.
  expect(asking).toBeGreaterThan(40)
  expect(told).toEqual(silent)
}, 60_000)

test('a large thing that may not be seen costs what one costs that is not there', async () => {
  const id = await large()
  const absent = 'f'.repeat(32)
  const headers = { 'content-type': 'application/json' }
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const body = method === 'PUT' ? '{}' : undefined
    const at = (of: string) => ({ method, headers, body, path: `/v1/tools/${of}` })
    const [hidden, none] = await fastest([at(id), at(absent)])
    // Reading 2 MB takes several times as long.
    expect(hidden, method).toBeLessThan((none ?? 0) * 1.8 + 0.5)
  }
}, 60_000)

test('of what may be seen and not changed nothing is read but whose it is and where it stands', async () => {
  const id = await large('seen', 'public')
  const doorsTo = ['PUT', 'DELETE', 'POST'].map((method) => ({
    method,
    headers: { 'content-type': 'application/json' },
    body: method === 'PUT' ? '{}' : undefined,
    path: `/v1/tools/${id}${method === 'POST' ? '/state?activate=false' : ''}`,
  }))
  for (const door of doorsTo) {
    const from = tap.sent.length
    expect(await knock(door), door.method).toBe(403)
    const asked = tap.sent.slice(from).filter(({ text }) => text.startsWith("/*source='tools'*/"))
    expect(asked.map(({ rows }) => rows)).toEqual([1])
    expect(asked[0]?.text).not.toMatch(/definition|backing|credential/)
  }
  const [put] = doorsTo
  if (put === undefined) throw new Error('no door')
  const absent = { ...put, path: `/v1/tools/${'f'.repeat(32)}` }
  const [refused, none] = await fastest([put, absent], [403, 404])
  console.log(
    `a change of a 2 MB tool that is refused takes ${refused?.toFixed(2)} ms, of one that there is not ${none?.toFixed(2)} ms`,
  )
}, 60_000)

async function large(name = 'large', visibility = 'private'): Promise<string> {
  const words = Array.from({ length: 60_000 }, (_, n) => `${(n * 2_654_435_761) % 4_294_967_296}-${n}`)
  const { status, body } = await scene.gateway.api('POST', '/v1/tools', {
    name,
    url: 'http://127.0.0.1:9/',
    visibility,
    input_schema: { type: 'object', properties: { word: { type: 'string', enum: words } } },
  })
  expect(status, JSON.stringify(body).slice(0, 300)).toBeLessThan(300)
  return body.id
}

/** Milliseconds that the fastest tenth of each takes, asked in turn so that both meet the same machine. */
async function fastest(
  asked: readonly Parameters<typeof knock>[0][],
  statuses: readonly number[] = [],
): Promise<readonly number[]> {
  const times = asked.map(() => [] as number[])
  for (let n = 0; n < 60; n++)
    for (const [which, one] of asked.entries()) {
      const began = performance.now()
      expect(await knock(one)).toBe(statuses[which] ?? 404)
      if (n >= 10) times[which]?.push(performance.now() - began)
    }
  return times.map((all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 10)] ?? 0)
}

/** What of the administrator's private things stands under a name, and what somebody asks for who may not see it. */
const NAMED: readonly (readonly [path: string, body: object])[] = [
  ['tools', { name: 'hidden', url: 'http://127.0.0.1:9/' }],
  ['prompts', { name: 'hidden', template: 'hello' }],
  ['resources', { name: 'hidden', uri: 'note://hidden', content: 'hello' }],
  ['gateways', { name: 'hidden', url: 'http://127.0.0.1:9/' }],
]

/** What is answered to a request, but for what is its own. */
const plain = ({ status, body }: Awaited<ReturnType<typeof said>>, name: string): unknown =>
  JSON.parse(
    JSON.stringify({ status, body }, (key, value: unknown) =>
      /At$|(^|_)id$|^(cursor|etag)$/.test(key) ? 'its own' : value,
    ).replaceAll(name, 'NAME'),
  )

test.each(NAMED)('in /%s a name that something hidden bears is one that nobody has', async (path, body) => {
  const made = await scene.gateway.api('POST', `/v1/${path}`, { ...body, visibility: 'private' })
  expect(made.status, JSON.stringify(made.body)).toBeLessThan(300)
  const asked = (name: string, visibility: string): object => ({
    ...(JSON.parse(JSON.stringify(body).replaceAll('hidden', name)) as object),
    visibility,
    team_id: scene.ids.teams.team,
  })
  for (const query of ['?dry_run=true', '']) {
    const beside = await said('POST', `/v1/${path}${query}`, asked('hidden', 'team'))
    const alone = await said('POST', `/v1/${path}${query}`, asked('lonely', 'team'))
    expect(alone.status, JSON.stringify(alone.body)).toBe(200)
    expect(plain(beside, 'hidden')).toEqual(plain(alone, 'lonely'))
  }
  // What whoever asks sees is told as what it is, elsewhere and before anything is made, too.
  for (const query of ['?dry_run=true', ''])
    for (const visibility of ['private', 'team']) {
      const refused = await said('POST', `/v1/${path}${query}`, asked('hidden', visibility))
      expect(refused).toMatchObject({ status: 409, body: { code: 'conflict', field: /^(name|uri)$/ } })
      expect(refused.body.message).toMatch(/already exists/)
    }
})

test('nor does it tell where something is to be called by it, or shown to others', async () => {
  const at = { visibility: 'team', team_id: scene.ids.teams.team }
  const url = 'http://127.0.0.1:9/'
  const hidden = { name: 'veiled', url, visibility: 'private' }
  expect((await scene.gateway.api('POST', '/v1/tools', hidden)).status).toBeLessThan(300)
  for (const query of ['?dry_run=true', '']) {
    const answers: unknown[] = []
    for (const customName of ['veiled', 'unborne']) {
      const tool = await said('POST', '/v1/tools', { name: `t${query.length}${customName.length}`, url, ...at })
      for (const change of [{ customName }, { visibility: 'private' }, { visibility: 'team' }])
        answers.push(
          JSON.stringify(plain(await said('PUT', `/v1/tools/${tool.body.id}${query}`, change), customName)).replaceAll(
            /t\d+(veiled|unborne|\b)/g,
            'MADE',
          ),
        )
    }
    expect(answers.slice(0, 3)).toEqual(answers.slice(3))
    expect(answers[0]).toContain('"status":200')
  }
})

test('what is seen takes the name that something is to be called by, and the place that it is moved to', async () => {
  const team_id = scene.ids.teams.team
  const url = 'http://127.0.0.1:9/'
  for (const name of ['first', 'second'])
    expect(await said('POST', '/v1/tools', { name, url, visibility: 'team', team_id })).toMatchObject({ status: 200 })
  const own = await said('POST', '/v1/tools', { name: 'third', url, visibility: 'private', team_id })
  for (const query of ['?dry_run=true', '']) {
    const refused = await said('PUT', `/v1/tools/${own.body.id}${query}`, { customName: 'second' })
    expect(refused).toMatchObject({ status: 409, body: { field: 'customName' } })
    expect(refused.body.message).toBe('Team Tool already exists with name: second')
  }
})

async function said(method: string, path: string, body: object, more: Readonly<Record<string, string>> = {}) {
  const answer = await fetch(scene.gateway.url + path, {
    method,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${scene.tokens[OUTSIDER]}`, ...more },
    body: JSON.stringify(body),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, never> & Said }
}

interface Said {
  readonly id: string
  readonly message: string
  readonly detail: unknown
}

test('why a name was refused is told to who sees everything; to the caller hidden and absent are one', async () => {
  const hide = { name: 'covered', url: 'http://127.0.0.1:9/', visibility: 'private' }
  expect((await scene.gateway.api('POST', '/v1/tools', hide)).status).toBeLessThan(300)
  const told: Record<string, string> = {}
  for (const name of ['covered', 'nobody-has-this']) {
    const params = { name, arguments: {} }
    const call = { id: `why-${name}`, body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params } }
    await said('POST', '/rpc', call.body, { 'x-request-id': call.id })
    await expect.poll(async () => (await scene.gateway.api('GET', `/v1/calls/${call.id}`)).status).toBe(200)
    const [kept] = (await scene.gateway.api('GET', `/v1/calls/${call.id}`)).body['calls'] as { rule: string }[]
    told[name] = kept?.rule ?? ''
    const own = await fetch(`${scene.gateway.url}/v1/calls/${call.id}`, {
      headers: { authorization: `Bearer ${scene.tokens[OUTSIDER]}` },
    })
    expect(await own.json()).toMatchObject({ calls: [{ rule: 'none', outcome: 'not_found', target: null }] })
  }
  expect(told['covered']).toBe(
    'refused: "covered" exists, but team-admin@example.com may not see it: private, owner admin@localhost',
  )
  expect(told['nobody-has-this']).toBe('refused: "nobody-has-this": there is none that is switched on')
})

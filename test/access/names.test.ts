import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { AssignmentId, TeamId } from '#/access/ids.ts'
import { PLATFORM_ADMIN, TEAM_DEVELOPER } from '#/access/roles.ts'
import { causeway } from '../support/cli.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'
import { makeUser } from './people.ts'

const WHO = ['ann', 'ben', 'cat', 'root'] as const
type Who = (typeof WHO)[number]
/** Ann owns the first team, Ben makes things in it, Cat in both; root may do everything everywhere. */
const TEAMS: Readonly<Record<Exclude<Who, 'root'>, readonly (0 | 1)[]>> = { ann: [0], ben: [0], cat: [0, 1] }

let database: TestDatabase
let gateway: RunningGateway
let teams: readonly [string, string]
const people = {} as Record<Who, { readonly id: string; readonly token: string }>

beforeAll(async () => {
  database = await testDatabase()
  gateway = await startGateway({ env: { DATABASE_URL: database.url } })
  const { db } = database
  const ids = [TeamId.mint(), TeamId.mint()] as const
  teams = ids
  for (const who of WHO) people[who] = await makeUser(db, who)
  await db.write('tests', async (tx) => {
    const rows = ids.map((id, n) => ({ id, name: `team ${n}`, slug: id }))
    await tx.sql.insertInto('teams').values(rows).execute()
    const places = Object.entries(TEAMS).flatMap(([who, theirs]) =>
      theirs.map((n) => ({ who, at: { user_id: people[who as Who].id, team_id: ids[n] } })),
    )
    const members = places.map(({ who, at }) => ({ ...at, id: AssignmentId.mint(), is_owner: who === 'ann' }))
    await tx.sql.insertInto('team_members').values(members).execute()
    const makers = places.map(({ at }) => ({ ...at, id: AssignmentId.mint(), role_id: TEAM_DEVELOPER.id }))
    const everywhere = { id: AssignmentId.mint(), user_id: people.root.id, role_id: PLATFORM_ADMIN.id, team_id: null }
    await tx.sql
      .insertInto('role_assignments')
      .values([...makers, everywhere])
      .execute()
    tx.changed('team', ...ids)
    tx.changed('user', ...WHO.map((who) => people[who].id))
  })
  for (const who of WHO)
    await vi.waitFor(async () => expect((await ask(who, 'GET', '/v1/servers')).status).toBe(200), { timeout: 20_000 })
}, 60_000)
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await database?.[Symbol.asyncDispose]()
})

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown> & { readonly id: string }
}

async function ask(who: Who, method: string, path: string, body?: object): Promise<Answer> {
  const answer = await fetch(gateway.url + path, {
    method,
    headers: { authorization: `Bearer ${people[who].token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: (await answer.json()) as Answer['body'] }
}

interface Wanted {
  readonly who: Who
  readonly name: string
  /** null: in no team. */
  readonly team: 0 | 1 | null
  readonly visibility: 'private' | 'team' | 'public'
}

const body = ({ name, team, visibility }: Wanted): object => ({
  name,
  visibility,
  ...(team !== null && { team_id: teams[team] }),
})

/** What each may make: what is public, or in no team, is root's to make. */
const wanted: fc.Arbitrary<Wanted> = fc
  .record<Wanted>({
    who: fc.constantFrom(...WHO),
    name: fc.constantFrom('desk', 'Desk', 'lab'),
    team: fc.constantFrom(0, 1, null),
    visibility: fc.constantFrom('private', 'team', 'public'),
  })
  .filter(({ who, team, visibility }) => {
    if (who === 'root') return team !== null || visibility !== 'team'
    return team !== null && visibility !== 'public' && TEAMS[who].includes(team)
  })

/** What is said of a thing but for what is its own alone. */
const common = ({ status, body: { id, name, ...rest } }: Answer): unknown =>
  JSON.parse(
    JSON.stringify({ status, ...rest }, (key, value: unknown) =>
      /At$|^(request_id|cursor)$/.test(key) ? 'its own' : value,
    )
      .replaceAll(id, 'ID')
      .replaceAll(String(name), 'NAME'),
  )

const keyOf = ({ who, team, name }: Wanted): string => `${who} ${team} ${name.toLowerCase()}`

let round = 0
let refused = 0

test('a name is refused by what its owner calls so in the team, and by nothing else, in whatever order they come', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }),
      fc.array(wanted, { minLength: 8, maxLength: 8 }),
      async (order, all) => {
        round++
        const there = new Map<string, Wanted>()
        for (const n of order) {
          const one = all[n] as Wanted
          const named = { ...one, name: `${one.name} ${round}` }
          const before = there.get(keyOf(one))
          const fresh = await ask(
            one.who,
            'POST',
            '/v1/servers?dry_run=true',
            body({ ...one, name: `only ${round} ${n}` }),
          )
          const foreseen = await ask(one.who, 'POST', '/v1/servers?dry_run=true', body(named))
          const made = await ask(one.who, 'POST', '/v1/servers', body(named))
          if (before === undefined) {
            expect([foreseen.status, foreseen.body], JSON.stringify([one, [...there]])).toEqual([
              fresh.status,
              fresh.body,
            ])
            const control = await ask(one.who, 'POST', '/v1/servers', body({ ...one, name: `only ${round} ${n}` }))
            expect(control.status).toBe(201)
            expect(common(made)).toEqual(common(control))
            there.set(keyOf(one), one)
          } else {
            refused++
            const shown = `${before.visibility.slice(0, 1).toUpperCase()}${before.visibility.slice(1)}`
            const refusal = { detail: `${shown} Server already exists with name: ${named.name}`, field: 'name' }
            expect([made.status, foreseen.status]).toEqual([409, 409])
            expect(made.body).toMatchObject(refusal)
            expect(foreseen.body).toMatchObject(refusal)
          }
        }
      },
    ),
    { numRuns: 10 },
  )
  expect(refused).toBeGreaterThan(3)
}, 120_000)

test('nor does a new name or place tell of what only its owner sees', async () => {
  const made = async (name: string, visibility: Wanted['visibility']): Promise<string> => {
    const { status, body: server } = await ask(
      'ben',
      'POST',
      '/v1/servers',
      body({ who: 'ben', name, team: 0, visibility }),
    )
    expect(status).toBe(201)
    return server.id
  }
  const shown = await made('of the team', 'team')
  await made('of his own', 'private')
  // Ben sees both, so he is told; Ann sees the one, and her answer is that to a name that nothing bears.
  expect((await ask('ben', 'PUT', `/v1/servers/${shown}`, { name: 'OF his own' })).status).toBe(409)
  for (const name of ['of his own', 'of nobody'])
    expect(await ask('ann', 'PUT', `/v1/servers/${shown}`, { name })).toMatchObject({ status: 200, body: { name } })
  const twin = await made('shown twice', 'team')
  expect((await ask('ann', 'PUT', `/v1/servers/${twin}`, { name: 'of nobody' })).body).toMatchObject({
    detail: 'Team Server already exists with name: of nobody',
  })
})

test('of two that are called alike each is listed, opened and called by itself', async () => {
  const ids: Record<string, string> = {}
  for (const who of ['ben', 'cat'] as const) {
    const at = { visibility: 'team', team_id: teams[0] }
    const tool = { name: `tool of ${who}`, url: 'http://127.0.0.1:9/', ...at }
    const { body: made } = await ask(who, 'POST', '/v1/tools', { ...tool, name: `tool_of_${who}` })
    const server = { name: 'twins', associated_tools: [made.id], ...at }
    ids[who] = (await ask(who, 'POST', '/v1/servers', server)).body.id
  }
  const listed = await ask('ann', 'GET', '/v1/servers?include_pagination=true')
  const all = listed.body['servers'] as readonly { readonly id: string; readonly name: string }[]
  expect(all.filter(({ name }) => name === 'twins').map(({ id }) => id)).toEqual([ids['cat'], ids['ben']])
  for (const who of ['ben', 'cat']) {
    const answer = await fetch(`${gateway.url}/servers/${ids[who]}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${people.ann.token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
    })
    const text = await answer.text()
    expect(text.match(/tool-of-\w+/g)).toEqual([`tool-of-${who}`])
  }
  const as = (who: Who) => ({ CAUSEWAY_URL: gateway.url, CAUSEWAY_TOKEN: people[who].token })
  const ambiguous = await causeway(['server', 'show', 'twins'], as('ann'))
  expect(ambiguous.code).not.toBe(0)
  for (const who of ['ben', 'cat']) expect(ambiguous.err).toContain(`twins (${ids[who]}, team of ${who}@example.com)`)
  expect(ambiguous.err).toMatch(/; say the id of the one that is meant\n$/)
  expect((await causeway(['server', 'show', ids['ben'] ?? ''], as('ann'))).out).toContain('tool-of-ben')
})

/** Root's import of servers; its progress. */
async function imported(servers: readonly object[], more: object = {}): Promise<Answer['body']> {
  const data = { version: '2025-11-25', exported_at: '2030-01-01T00:00:00Z', entities: { servers } }
  const { status, body: told } = await ask('root', 'POST', '/v1/import', { import_data: data, ...more })
  expect(status).toBe(200)
  return told
}

test('an export with names that are borne twice comes back to each its own, and elsewhere the second is told of', async () => {
  const mine = (await ask('root', 'POST', '/v1/servers', { name: 'carried' })).body.id
  const bens = (
    await ask('ben', 'POST', '/v1/servers', body({ who: 'ben', name: 'carried', team: 0, visibility: 'private' }))
  ).body.id
  const { body: document } = await ask('root', 'GET', '/v1/export?types=servers')
  const entities = document['entities'] as { readonly servers: readonly Record<string, unknown>[] }
  const both = entities.servers
    .filter(({ name }) => name === 'carried')
    .map((one) => ({ ...one, description: one['sse_endpoint'] }))
  expect(both).toHaveLength(2)
  for (const servers of [both, both.toReversed()])
    expect(await imported(servers)).toMatchObject({ progress: { updated: 2, created: 0, failed: 0 } })
  for (const id of [mine, bens])
    expect((await ask('root', 'GET', `/v1/servers/${id}`)).body['description']).toBe(`/servers/${id}/sse`)
  const strangers = [1, 2].map((n) => ({ name: 'from elsewhere', description: `${n}` }))
  for (const dry_run of [true, false])
    expect(await imported(strangers, { dry_run })).toMatchObject({
      progress: { created: 1, updated: 0, failed: 1 },
      errors: [expect.stringContaining('several of this name in the file')],
    })
  expect(await imported(strangers.slice(0, 1))).toMatchObject({ progress: { created: 0, updated: 1 } })
})

test("what a set declares is its own, whoever else calls something so, and a token's server must be the only one of its name", async () => {
  const declare = (set: object, query = '') => ask('root', 'POST', `/v1/declared${query}`, set)
  const bens = await ask(
    'ben',
    'POST',
    '/v1/servers',
    body({ who: 'ben', name: 'Declared', team: 0, visibility: 'team' }),
  )
  const set = { set: 'mine', servers: [{ name: 'declared', description: 'as declared', visibility: 'public' }] }
  const first = await declare(set)
  expect(first.body).toMatchObject({ failed: 0, steps: [{ action: 'create', kind: 'server', name: 'declared' }] })
  expect((await declare(set)).body).toMatchObject({ failed: 0, steps: [], unchanged: 1 })
  expect((await ask('ben', 'GET', `/v1/servers/${bens.body.id}`)).body).toMatchObject({
    visibility: 'team',
    description: null,
  })
  const token = { name: 'one door', server: 'declared', hash: 'ab'.repeat(32) }
  const [step] = first.body['steps'] as readonly { readonly id: string }[]
  expect((await declare({ ...set, tokens: [token] })).body).toMatchObject({ failed: 0, steps: [{ kind: 'token' }] })
  const { body: listed } = await ask('root', 'GET', '/v1/tokens')
  expect(listed['tokens']).toContainEqual(expect.objectContaining({ name: 'one door', server_id: step?.id }))
  const other = { set: 'other', tokens: [{ ...token, name: 'which door', hash: 'cd'.repeat(32) }] }
  const refused = await declare(other)
  expect(refused).toMatchObject({ status: 422, body: { field: 'tokens.which door.server' } })
  expect(refused.body['detail']).toContain(bens.body.id)
  expect(refused.body['detail']).toContain(step?.id)
})

test('what a set declared that is hidden from who applies it is neither in the way nor told of', async () => {
  const permissions = ['admin.system_config', 'servers.read', 'servers.create', 'servers.update', 'servers.delete']
  const role = await ask('root', 'POST', '/v1/rbac/roles', { name: 'applies', scope: 'platform', permissions })
  const given = { role_id: role.body.id, scope: 'platform' }
  expect((await ask('root', 'POST', '/v1/rbac/users/cat@example.com/roles', given)).status).toBeLessThan(300)
  const unseen = { name: 'unseen', visibility: 'private' }
  const hers = await ask('root', 'POST', '/v1/declared', { set: 'shared', servers: [unseen] })
  expect(hers.body).toMatchObject({ failed: 0, steps: [{ action: 'create' }] })
  const nothing = { set: 'shared', servers: [] }
  for (const query of ['', '?prune=true'])
    expect((await ask('cat', 'POST', `/v1/declared${query}`, nothing)).body).toMatchObject({ steps: [], left: [] })
  const beside = await ask('cat', 'POST', '/v1/declared', { set: 'shared', servers: [unseen] })
  expect(beside.body).toMatchObject({ failed: 0, steps: [{ action: 'create', name: 'unseen' }] })
  expect((await ask('root', 'POST', '/v1/declared?dry_run=true', nothing)).body['left']).toHaveLength(2)
})

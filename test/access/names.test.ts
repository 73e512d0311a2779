import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { causeway } from '../support/cli.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { legacyServer } from '../support/mcp-servers.ts'
import { common, namesScene, TEAMS, WHO, type Answer, type NamesScene, type Who } from './names-scene.ts'

let scene: NamesScene
let gateway: RunningGateway
let teams: NamesScene['teams']
let ask: NamesScene['ask']

beforeAll(async () => {
  scene = await namesScene()
  ;({ gateway, teams, ask } = scene)
}, 60_000)
afterAll(() => scene?.[Symbol.asyncDispose]())

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
        authorization: `Bearer ${scene.tokenOf('ann')}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
    })
    const text = await answer.text()
    expect(text.match(/tool-of-\w+/g)).toEqual([`tool-of-${who}`])
  }
  const as = (who: Who) => ({ CAUSEWAY_URL: gateway.url, CAUSEWAY_TOKEN: scene.tokenOf(who) })
  const ambiguous = await causeway(['server', 'show', 'twins'], as('ann'))
  expect(ambiguous.code).not.toBe(0)
  for (const who of ['ben', 'cat']) expect(ambiguous.err).toContain(`twins (${ids[who]}, team of ${who}@example.com)`)
  expect(ambiguous.err).toMatch(/; say the id of the one that is meant\n$/)
  expect((await causeway(['server', 'show', ids['ben'] ?? ''], as('ann'))).out).toContain('tool-of-ben')
})

test("a tool is called through its virtual server by the name that is listed, and by its upstream's own", async () => {
  await using upstream = await legacyServer({ stateful: false })
  const { id } = await gateway.register('carrier', upstream.url)
  const { body: tools } = await gateway.api('GET', `/v1/tools?include_pagination=true&gateway_id=${id}`)
  const ids = (tools['tools'] as readonly { readonly id: string }[]).map((tool) => tool.id)
  const { body: server } = await gateway.api('POST', '/v1/servers', { name: 'plain', associated_tools: ids })
  const said = async (path: string, name: string): Promise<string> => {
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: { message: 'hello' } } }
    const headers = { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' }
    const accept = 'application/json, text/event-stream'
    const answer = await fetch(gateway.url + path, {
      method: 'POST',
      headers: { ...headers, accept },
      body: JSON.stringify(call),
    })
    return await answer.text()
  }
  const [listed, own] = [
    await said(`/servers/${server.id}/mcp`, 'carrier-echo'),
    await said(`/servers/${server.id}/mcp`, 'echo'),
  ]
  expect(listed).toContain('"content"')
  expect(own).toBe(listed)
  expect(await said('/mcp', 'echo')).toContain('tool not found: echo')
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

test("another's that is shown where one's own would stand is meant by its name, and no second one comes beside it", async () => {
  const { body: there } = await gateway.api('POST', '/v1/servers', { name: 'By Another' })
  expect(await imported([{ name: 'by another', description: 'imported' }])).toMatchObject({ progress: { updated: 1 } })
  const set = { set: 'taking', servers: [{ name: 'by another', description: 'declared' }] }
  const taken = await ask('root', 'POST', '/v1/declared', set)
  expect(taken.body).toMatchObject({ failed: 0, steps: [{ action: 'change', id: there.id }] })
  const { body: now } = await gateway.api('GET', `/v1/servers/${there.id}`)
  expect(now).toMatchObject({ name: 'by another', description: 'declared', ownerEmail: 'admin@localhost' })
})

test('what a set declared that is hidden from who applies it is neither in the way nor told of', async () => {
  const servers = ['servers.read', 'servers.create', 'servers.update', 'servers.delete']
  const permissions = ['admin.system_config', 'tools.read', ...servers]
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
  // What it selects is found by name among what may be seen: a name that something hidden bears is one that nobody has.
  const tool = { name: 'hidden_tool', url: 'http://127.0.0.1:9/', visibility: 'private' }
  expect((await ask('root', 'POST', '/v1/tools', tool)).status).toBe(200)
  const said = async (name: string): Promise<string> => {
    const selecting = [{ ...unseen, tools: [name] }]
    const { status, body: told } = await ask('cat', 'POST', '/v1/declared?dry_run=true', {
      set: 'shared',
      servers: selecting,
    })
    expect(status).toBe(422)
    return String(told['detail']).replaceAll(name, 'NAME')
  }
  expect(await said('hidden-tool')).toBe(await said('no-such-tool'))
  const all = { set: 'shared', servers: [{ ...unseen, tools: ['*'] }] }
  expect(JSON.stringify(await ask('cat', 'POST', '/v1/declared?dry_run=true', all))).not.toContain('hidden-tool')
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { startExactServer, type ExactServer } from '../fixtures/exact-server.ts'
import { startHttpApi } from '../fixtures/http-api.ts'
import { causeway, type CliRun } from '../support/cli.ts'
import type { Listening } from '../support/listen.ts'
import { common, namesScene, type Answer, type NamesScene, type Who } from './names-scene.ts'

let scene: NamesScene
let ask: NamesScene['ask']
let http: Listening
const upstreams: ExactServer[] = []
/** Of gateways and tools, by who made them. */
const ids = { gateway: {}, said: {}, tool: {} } as Record<'gateway' | 'said' | 'tool', Record<'root' | 'ben', string>>

const upstreamOf = async (who: string): Promise<ExactServer> => {
  const tools = '{"tools":[{"name":"say","inputSchema":{"type":"object"}}]}'
  const result = `{"content":[{"type":"text","text":"the word of ${who}"}]}`
  const replies = new Map([
    ['tools/list', { result: tools }],
    ['tools/call say', { result }],
  ])
  return await startExactServer('modern', replies)
}

/** Root's stand in no team, and are public; Ben's are the first team's. */
const places = () => ({ root: {}, ben: { visibility: 'team', team_id: scene.teams[0] } })

beforeAll(async () => {
  scene = await namesScene()
  ask = scene.ask
  http = await startHttpApi()
  // What is Ben's team's is in root's way no more than what is hidden: it is not root's own.
  for (const who of ['ben', 'root'] as const) {
    const upstream = await upstreamOf(who)
    upstreams.push(upstream)
    const body = { name: 'carrier', url: upstream.url, ...places()[who] }
    const { body: made } = await ask(who, 'POST', '/v1/gateways', body)
    ids.gateway[who] = made.id
    const { body: listed } = await ask(who, 'GET', `/v1/tools?include_pagination=true&gateway_id=${made.id}`)
    ids.said[who] = (listed['tools'] as readonly Answer['body'][])[0]?.id ?? ''
    const tool = { name: 'look_up', url: `${http.origin}/of/${who}`, integration_type: 'REST', ...places()[who] }
    ids.tool[who] = (await ask(who, 'POST', '/v1/tools', tool)).body.id
  }
}, 60_000)
afterAll(async () => {
  for (const one of [scene, http, ...upstreams]) await one?.[Symbol.asyncDispose]()
})

const run = (who: Who, ...args: readonly string[]): Promise<CliRun> =>
  causeway(args, { CAUSEWAY_URL: scene.gateway.url, CAUSEWAY_TOKEN: scene.tokenOf(who) })

test('a command means the only one of a name, of several none: it lists them, and is understood by an id', async () => {
  for (const [args, kind] of [
    [['show', 'carrier'], 'gateway'],
    [['remove', 'carrier', '--yes'], 'gateway'],
    [['disable', 'carrier'], 'gateway'],
    [['call', 'carrier-say'], 'said'],
    [['tools', 'look-up'], 'tool'],
    [['server', 'create', 'desk', '--tool', 'look-up'], 'tool'],
    [['why', 'tools.execute', '--tool', 'carrier-say'], 'said'],
  ] as const) {
    const { code, err } = await run('ben', ...args)
    expect([code, args]).toEqual([1, args])
    expect(err).toContain(`(${ids[kind].root}, public of root@example.com)`)
    expect(err).toContain(`(${ids[kind].ben}, team of ben@example.com)`)
    expect(err).toMatch(/; say the id of the one that is meant\n$/)
  }
  for (const who of ['root', 'ben'] as const) {
    expect((await run('ben', 'show', ids.gateway[who])).out).toContain(ids.gateway[who])
    expect((await run('ben', 'call', ids.said[who])).out).toContain(`the word of ${who}`)
    const looked = await run('ben', 'call', ids.tool[who])
    expect([looked.err, looked.out]).toEqual(['', expect.stringContaining(`/of/${who}`)])
  }
}, 120_000)

test('what is listed together can be told apart', async () => {
  const { out: gateways } = await run('ben', 'list')
  const { out: tools } = await run('ben', 'tools')
  for (const who of ['root', 'ben'] as const) {
    expect(gateways).toContain(`carrier (${ids.gateway[who]})`)
    expect(tools).toContain(`carrier-say (${ids.said[who]})`)
    expect(tools).toContain(`look-up (${ids.tool[who]})`)
  }
})

test('a declared set means its own, then what stands where it would make it, and selects one of a name', async () => {
  const declare = (set: object, query = '') => ask('root', 'POST', `/v1/declared${query}`, set)
  const url = upstreams[0]?.url
  const servers = [{ name: 'chosen', tools: ['carrier-say', 'look-*'] }]
  const set = { set: 'mine', gateways: [{ name: 'Carrier', url, description: 'declared' }], servers }
  const first = await declare(set)
  expect(first.body).toMatchObject({
    failed: 0,
    steps: [
      { action: 'change', kind: 'gateway', id: ids.gateway.root },
      { action: 'create', kind: 'server', name: 'chosen' },
    ],
  })
  expect((await ask('ben', 'GET', `/v1/gateways/${ids.gateway.ben}`)).body['description']).toBeNull()
  const [, { id }] = first.body['steps'] as readonly [unknown, { readonly id: string }]
  const { body: items } = await ask('root', 'GET', `/v1/servers/${id}/tools`)
  expect((items as unknown as readonly { readonly id: string }[]).map((tool) => tool.id).toSorted()).toEqual(
    [ids.said.root, ids.tool.root].toSorted(),
  )
  expect((await declare(set)).body).toMatchObject({ failed: 0, steps: [], unchanged: 2 })
  // What the server selects already stays what its name means.
  const associated_tools = [ids.said.root, ids.tool.ben]
  expect((await ask('root', 'PUT', `/v1/servers/${id}`, { associated_tools })).status).toBe(200)
  expect((await declare(set)).body).toMatchObject({ failed: 0, steps: [], unchanged: 2 })
  // Under the name of what only others have, it would make one of its own.
  const { body: hidden } = await ask('ben', 'POST', '/v1/gateways', {
    name: 'only bens',
    url: upstreams[1]?.url,
    ...places().ben,
  })
  const fresh = await declare({ set: 'other', gateways: [{ name: 'only bens', url }] }, '?dry_run=true')
  expect(fresh.body).toMatchObject({ failed: 0, steps: [{ action: 'create', kind: 'gateway', id: null, error: null }] })
  expect(JSON.stringify(fresh.body)).not.toContain(hidden.id)
})

test('an import changes what its importer would have made, and a second of one name in the file is told of', async () => {
  const tool = { name: 'look_up', url: `${http.origin}/of/root`, integration_type: 'REST', description: 'imported' }
  const gateway = { name: 'carrier', url: upstreams[0]?.url, description: 'imported' }
  const server = { name: 'from elsewhere', tool_ids: ['look-up', 'carrier-say'] }
  const imported = async (entities: object, more: object = {}): Promise<Answer['body']> => {
    const data = { version: '2025-11-25', exported_at: '2030-01-01T00:00:00Z', entities }
    const { status, body } = await ask('root', 'POST', '/v1/import', { import_data: data, ...more })
    expect(status).toBe(200)
    return body
  }
  const all = { tools: [tool], gateways: [gateway], servers: [server] }
  expect(await imported(all, { dry_run: true })).toMatchObject({ progress: { updated: 2, created: 1, failed: 0 } })
  expect(await imported(all)).toMatchObject({ progress: { updated: 2, created: 1, failed: 0 }, warnings: [] })
  for (const [who, description] of [
    ['root', 'imported'],
    ['ben', null],
  ] as const) {
    expect((await ask(who, 'GET', `/v1/gateways/${ids.gateway[who]}`)).body['description']).toBe(description)
    expect((await ask(who, 'GET', `/v1/tools/${ids.tool[who]}`)).body['description'] ?? null).toBe(description)
  }
  const { body: servers } = await ask('root', 'GET', '/v1/servers?include_pagination=true')
  const made = (servers['servers'] as readonly Answer['body'][]).find(({ name }) => name === 'from elsewhere')
  const { body: items } = await ask('root', 'GET', `/v1/servers/${made?.id}/tools`)
  expect((items as unknown as readonly { readonly id: string }[]).map(({ id }) => id).toSorted()).toEqual(
    [ids.said.root, ids.tool.root].toSorted(),
  )
  // What was exported here comes back to each its own.
  const { body: document } = await ask('root', 'GET', '/v1/export?types=tools,gateways')
  const exported = Object.entries(document['entities'] as Readonly<Record<string, readonly Answer['body'][]>>)
  const both = exported.map(([type, list]) => {
    const alike = list.filter(({ name }) => ['look_up', 'Carrier', 'carrier'].includes(String(name)))
    return [type, alike.map((one) => ({ ...one, description: `of ${one.id}` }))] as const
  })
  expect(both.map(([, list]) => list.length)).toEqual([2, 2])
  expect(await imported(Object.fromEntries(both))).toMatchObject({ progress: { updated: 4, created: 0, failed: 0 } })
  for (const who of ['root', 'ben'] as const) {
    const [gateway, made] = [ids.gateway[who], ids.tool[who]]
    expect((await ask(who, 'GET', `/v1/gateways/${gateway}`)).body['description']).toBe(`of ${gateway}`)
    expect((await ask(who, 'GET', `/v1/tools/${made}`)).body['description']).toBe(`of ${made}`)
  }
  for (const dry_run of [true, false])
    expect(await imported({ tools: [tool, tool] }, { dry_run })).toMatchObject({
      progress: { updated: 1, created: 0, failed: 1 },
      errors: [expect.stringContaining('several of this name in the file')],
    })
})

test('what a virtual server selects that is hidden from who changes it is not in the way of a name', async () => {
  const tool = { name: 'covered', url: http.origin, integration_type: 'REST' }
  const { body: hidden } = await ask('root', 'POST', '/v1/tools', { ...tool, visibility: 'private' })
  const { body: bens } = await ask('ben', 'POST', '/v1/tools', { ...tool, ...places().ben })
  const { body: other } = await ask('ben', 'POST', '/v1/tools', { ...tool, name: 'not_covered', ...places().ben })
  const at = { ...places().ben, associated_tools: [hidden.id] }
  const { body: server } = await ask('root', 'POST', '/v1/servers', { name: 'shared', ...at })
  for (const { id } of [bens, other])
    expect(await ask('ben', 'PUT', `/v1/servers/${server.id}`, { associated_tools: [id] })).toMatchObject({
      status: 200,
      body: { associatedToolIds: [id] },
    })
  const both = await ask('root', 'PUT', `/v1/servers/${server.id}`, { associated_tools: [hidden.id, bens.id] })
  expect(both).toMatchObject({ status: 422 })
  for (const { id } of [hidden, bens]) expect(both.body['detail']).toContain(id)
})

test("a team's name tells of no team that is hidden from who makes one, nor is one in the way", async () => {
  const makes = { name: 'makes teams', scope: 'platform', permissions: ['teams.create', 'teams.read', 'teams.update'] }
  const { body: role } = await ask('root', 'POST', '/v1/rbac/roles', makes)
  for (const who of ['ann', 'ben'] as const) {
    const given = { role_id: role.id, scope: 'platform' }
    expect((await ask('root', 'POST', `/v1/rbac/users/${who}@example.com/roles`, given)).status).toBeLessThan(300)
  }
  const make = (who: Who, name: string, more: object = {}, query = ''): Promise<Answer> =>
    ask(who, 'POST', `/v1/teams${query}`, { name, ...more })
  const taken = { status: 409, body: { detail: 'Team name already exists', field: 'name' } }
  const anns = await make('ann', 'Circle')
  expect(anns).toMatchObject({ status: 201, body: { slug: 'circle' } })
  for (const query of ['?dry_run=true', '']) expect(await make('ann', 'circle', {}, query)).toMatchObject(taken)
  // To Ben it is as if there were none: every answer is that to a name that nobody has.
  const foreseen = await make('ben', 'Circle', {}, '?dry_run=true')
  expect(foreseen).toEqual(await make('ben', 'Nobody has this', {}, '?dry_run=true'))
  const bens = await make('ben', 'Circle')
  const control = await make('ben', 'Square')
  const withoutName = (answer: Answer): unknown =>
    JSON.parse(JSON.stringify(common(answer)).replaceAll(/circle|square/g, 'SLUG'))
  expect(withoutName(bens)).toEqual(withoutName(control))
  // What is shown to all is told of to all, and of two that are hidden from each other one becomes public.
  const isPublic = { visibility: 'public' }
  expect((await ask('ann', 'PUT', `/v1/teams/${anns.body.id}`, isPublic)).status).toBe(200)
  expect(await ask('ben', 'PUT', `/v1/teams/${bens.body.id}`, isPublic)).toMatchObject(taken)
  expect(await make('cat', 'Circle')).toMatchObject({ status: 403 })
  expect(await make('root', 'Circle')).toMatchObject(taken)
  const as = { CAUSEWAY_URL: scene.gateway.url, CAUSEWAY_TOKEN: scene.tokenOf('root') }
  const ambiguous = await causeway(['team', 'members', 'circle'], as)
  expect(ambiguous.code).not.toBe(0)
  for (const { body: team } of [anns, bens]) {
    expect(ambiguous.err).toContain(team.id)
    expect((await causeway(['team', 'members', team.id], as)).code).toBe(0)
  }
})

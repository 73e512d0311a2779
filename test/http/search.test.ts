import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startSlowServer } from '../fixtures/slow-server.ts'
import { causeway } from '../support/cli.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'

const owned = new AsyncDisposableStack()
let gateway: RunningGateway
let member: string
const ids: Record<string, string> = {}

const EMAIL = 'slowpoke@example.com'

beforeAll(async () => {
  const upstream = owned.use(await startSlowServer())
  gateway = owned.use(await startGateway())
  ids['open'] = (await gateway.register('open', upstream.at('legacy'), { visibility: 'public' })).id
  ids['hidden'] = (await gateway.register('hidden', upstream.at('legacy'), { visibility: 'private' })).id
  const [tool] = (await gateway.api('GET', `/v1/tools?gateway_id=${ids['open']}`)).body as unknown as { id: string }[]
  const server = {
    name: 'Slow desk',
    description: 'all that takes its time',
    associatedTools: [tool?.id],
    visibility: 'public',
  }
  await gateway.api('POST', '/v1/servers', server)
  ids['team'] = (await gateway.api('POST', '/v1/teams', { name: 'Slow team' })).body.id
  await gateway.api('POST', '/v1/teams', { name: 'Slow strangers' })
  await gateway.api('POST', '/v1/auth/email/admin/users', { email: EMAIL })
  await gateway.api('POST', `/v1/teams/${ids['team']}/members`, { email: EMAIL, role: 'member' })
  const made = await gateway.api('POST', '/v1/tokens', { name: 'theirs', user_email: EMAIL })
  member = String(made.body['access_token'])
  await sleep(1_000)
})
afterAll(() => owned.disposeAsync())

interface Hit {
  readonly id: string
  readonly type: string
  readonly name: string
  readonly description: string | null
  readonly enabled: boolean
}

interface Found {
  readonly status: number
  readonly body: {
    readonly items: readonly Hit[]
    readonly results: Readonly<Record<string, readonly Hit[]>>
    readonly count: number
    readonly entity_types: readonly string[]
    readonly field?: string
    readonly detail?: string
  }
}

async function search(query: Readonly<Record<string, string>>, token = gateway.token, at = '/v1'): Promise<Found> {
  const answer = await fetch(`${gateway.url}${at}/search?${new URLSearchParams(query).toString()}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  return { status: answer.status, body: (await answer.json()) as Found['body'] }
}

const shown = ({ body }: Found): readonly string[] => body.items.map(({ type, name }) => `${type} ${name}`)

test('everything of that name is found, each kind by itself and all in one list', async () => {
  const found = await search({ q: 'slow' })
  expect(shown(found).filter((one) => !one.startsWith('resource'))).toEqual([
    'server Slow desk',
    'tool hidden-slow',
    'tool open-slow',
    'prompt hidden-slow',
    'prompt open-slow',
    'team Slow strangers',
    'team Slow team',
    `user ${EMAIL}`,
  ])
  expect(found.body.count).toBe(found.body.items.length)
  expect(Object.values(found.body.results).flat()).toEqual(found.body.items)
  expect(await search({ q: 'slow' }, gateway.token, '')).toEqual(found)
  expect(shown(await search({ q: 'takes time' }))).toEqual(['server Slow desk'])
})

test('what the caller may not see or list is not there, and is not counted', async () => {
  const found = await search({ q: 'slow' }, member)
  expect(shown(found).filter((one) => !one.startsWith('resource'))).toEqual([
    'server Slow desk',
    'tool open-slow',
    'prompt open-slow',
    'team Slow team',
  ])
  expect(found.body.entity_types).not.toContain('users')
  expect(await search({ q: 'slow', entity_types: 'users' }, member)).toMatchObject({
    status: 403,
    body: { field: 'entity_types', detail: expect.stringContaining('admin.user_management') as string },
  })
  const { body } = await gateway.api('POST', '/v1/tokens', {
    name: 'tools alone',
    scope: { permissions: ['tools.read', 'servers.use'] },
  })
  await sleep(600)
  expect(shown(await search({ q: 'slow' }, String(body['access_token'])))).toEqual([
    'tool hidden-slow',
    'tool open-slow',
  ])
})

test('kinds, gateways, teams and numbers narrow it', async () => {
  expect(shown(await search({ q: 'slow', entity_types: 'tools,teams', limit: '1' }))).toEqual([
    'tool hidden-slow',
    'team Slow strangers',
  ])
  expect(shown(await search({ q: 'SLOW', entity_types: 'tools', limit: '1', limit_per_type: '2' }))).toHaveLength(2)
  const { open = '', hidden = '', team = '' } = ids
  expect(shown(await search({ q: 'slow', gateway_id: open, entity_types: 'tools,gateways' }))).toEqual([
    'tool open-slow',
  ])
  expect(shown(await search({ q: 'open', gateway_id: `${hidden},${open}`, entity_types: 'gateways' }))).toEqual([
    'gateway open',
  ])
  expect(shown(await search({ q: 'slow', team_id: team }))).toEqual(['team Slow team'])
  expect(await search({ q: 'slow', entity_types: 'agents' })).toMatchObject({
    status: 422,
    body: { field: 'entity_types' },
  })
  expect(await search({ q: 'slow', limit: '0' })).toMatchObject({ status: 422, body: { field: 'limit' } })
  expect((await search({})).body).toMatchObject({ count: 0, items: [] })
})

test('tags, alone or with words; what is switched off only where it is asked for', async () => {
  const [tool] = (await search({ q: 'open-slow', entity_types: 'tools' })).body.items
  expect(await gateway.api('PUT', `/v1/tools/${tool?.id}`, { tags: ['Night Shift'] })).toMatchObject({ status: 200 })
  expect(shown(await search({ tags: 'night-shift,unknown' }))).toEqual(['tool open-slow'])
  expect(shown(await search({ tags: 'Night Shift', q: 'echo' }))).toEqual([])
  expect(shown(await search({ tags: 'unknown' }))).toEqual([])
  await gateway.api('POST', `/v1/tools/${tool?.id}/state?activate=false`)
  await vi.waitFor(async () => expect(shown(await search({ tags: 'night-shift' }))).toEqual([]))
  const found = await search({ tags: 'night-shift', include_inactive: 'true' })
  expect(found.body.items).toMatchObject([{ name: 'open-slow', enabled: false }])
})

test('causeway search prints what is found, and says when that is nothing', async () => {
  const env = { CAUSEWAY_URL: gateway.url, CAUSEWAY_TOKEN: gateway.token }
  const { code, out } = await causeway(['search', 'takes', 'time'], env)
  expect([code, out]).toEqual([0, expect.stringMatching(/^server +Slow desk +all that takes its time$/m)])
  const off = await causeway(['search', 'slow', '--kind', 'tools', '--all', '--tag', 'night-shift', '--json'], env)
  expect(JSON.parse(off.out)).toMatchObject({ count: 1, items: [{ name: 'open-slow' }] })
  const nothing = await causeway(['search', 'nobody-has-this'], env)
  expect([nothing.code, nothing.err + nothing.out]).toEqual([
    0,
    expect.stringContaining('nothing that you may see fits'),
  ])
})

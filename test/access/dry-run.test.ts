import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSlowServer } from '../fixtures/slow-server.ts'
import { causeway } from '../support/cli.ts'
import { testDatabase } from '../support/database.ts'
import { startGateway, type RunningGateway } from '../support/gateway.ts'

const owned = new AsyncDisposableStack()
let gateway: RunningGateway
let team: string
const tokens: Record<string, string> = {}
const mail = (name: string): string => `${name}@example.com`

beforeAll(async () => {
  const upstream = owned.use(await startSlowServer()).at('modern')
  const database = owned.use(await testDatabase())
  gateway = owned.use(await startGateway({ env: { DATABASE_URL: database.url } }))
  for (const name of ['ann', 'bob']) {
    await admin('POST', '/v1/auth/email/admin/users', { email: mail(name) })
    const made = await admin('POST', '/v1/tokens', { name: 'the first', user_email: mail(name) })
    tokens[name] = String(made['access_token'])
  }
  team = String((await admin('POST', '/v1/teams', { name: 'red' }))['id'])
  await admin('POST', '/v1/gateways', { name: 'red', url: upstream, team_id: team, visibility: 'team' })
  await admin('POST', '/v1/gateways', { name: 'all', url: upstream })
  await admin('POST', '/v1/gateways', { name: 'mine', url: upstream, visibility: 'private' })
})
afterAll(() => owned.disposeAsync())

type Said = Readonly<Record<string, unknown>>

async function ask(token: string, method: string, path: string, body?: object): Promise<Said> {
  const response = await fetch(gateway.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  const said = (await response.json()) as Said
  if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(said)}`)
  return said
}
const admin = (method: string, path: string, body?: object) => ask(gateway.token, method, path, body)

/** What a user can call, as its own client sees it; nothing, where it is not let in. */
async function toolsOf(name: string): Promise<readonly string[]> {
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
  const said = await ask(tokens[name] ?? '', 'POST', '/mcp', body).catch(() => null)
  return ((said?.['result'] as { tools: { name: string }[] } | undefined)?.tools ?? []).map((tool) => tool.name)
}

interface Effects {
  readonly gains: readonly { user: string; tool: string }[]
  readonly loses: readonly { user: string; tool: string }[]
}

/** Asks what a change would do, sees that nothing was done, does it, and compares with what the users see then. */
async function foretold(method: string, path: string, body?: object): Promise<Effects> {
  const before = { ann: await toolsOf('ann'), bob: await toolsOf('bob') }
  const effects = await admin(method, `${path}${path.includes('?') ? '&' : '?'}dry_run=true`, body)
  expect(effects).toMatchObject({ dry_run: true, is_complete: true })
  expect({ ann: await toolsOf('ann'), bob: await toolsOf('bob') }).toEqual(before)
  await admin(method, path, body)
  const after = { ann: await toolsOf('ann'), bob: await toolsOf('bob') }
  const { gains, loses } = effects as unknown as Effects
  for (const name of ['ann', 'bob'] as const) {
    const of = (list: Effects['gains']) =>
      new Set(list.filter(({ user }) => user === mail(name)).map(({ tool }) => tool))
    expect([name, of(gains)]).toEqual([name, new Set(after[name].filter((tool) => !before[name].includes(tool)))])
    expect([name, of(loses)]).toEqual([name, new Set(before[name].filter((tool) => !after[name].includes(tool)))])
  }
  return { gains, loses }
}

const RED = ['red-echo', 'red-slow']
const namesIn = (list: Effects['gains']): readonly string[] =>
  list.map(({ tool }) => tool).toSorted((a, b) => a.localeCompare(b))

test('what a dry run says is what then happens: members, roles, users, a team', async () => {
  const joined = await foretold('POST', `/v1/teams/${team}/members`, { email: mail('ann'), role: 'member' })
  expect([namesIn(joined.gains), joined.loses]).toEqual([RED, []])
  const role = { role_id: 'platform_admin', scope: 'global' }
  const roles = `/v1/rbac/users/${mail('bob')}/roles`
  expect(namesIn((await foretold('POST', roles, role)).gains)).toEqual(['mine-echo', 'mine-slow', ...RED])
  expect(namesIn((await foretold('DELETE', `${roles}/platform_admin?scope=global`)).loses)).toEqual([
    'mine-echo',
    'mine-slow',
    ...RED,
  ])
  expect((await foretold('PUT', `/v1/teams/${team}/members/${mail('ann')}`, { role: 'owner' })).gains).toEqual([])
  const disabled = await foretold('PATCH', `/v1/auth/email/admin/users/${mail('ann')}`, { is_active: false })
  expect(namesIn(disabled.loses)).toEqual(['all-echo', 'all-slow', ...RED])
  expect(
    namesIn((await foretold('PATCH', `/v1/auth/email/admin/users/${mail('ann')}`, { is_active: true })).gains),
  ).toEqual(['all-echo', 'all-slow', ...RED])
  const promoted = await foretold('PATCH', `/v1/auth/email/admin/users/${mail('bob')}`, { is_admin: true })
  expect(namesIn(promoted.gains)).toEqual(['mine-echo', 'mine-slow', ...RED])
  await foretold('PATCH', `/v1/auth/email/admin/users/${mail('bob')}`, { is_admin: false })
  const left = await foretold('DELETE', `/v1/teams/${team}/members/${mail('ann')}`)
  expect([namesIn(left.loses), left.gains]).toEqual([RED, []])
})

test('what a dry run says is what then happens: the ways into a team, and somebody new', async () => {
  const path = `/v1/teams/${team}`
  await foretold('PUT', path, { visibility: 'public' })
  const asked = await ask(tokens['ann'] ?? '', 'POST', `${path}/join`, {})
  const request = `${path}/join-requests/${String(asked['id'])}`
  const approved = await foretold('POST', `${request}/approve`)
  expect([namesIn(approved.gains), approved.loses]).toEqual([RED, []])
  await admin('DELETE', `${path}/members/${mail('ann')}`)
  const invited = await foretold('POST', `${path}/invitations`, { email: mail('bob') })
  expect([invited.gains, invited.loses]).toEqual([[], []])
  const [invitation] = (await admin('GET', `${path}/invitations`)) as unknown as readonly Said[]
  await foretold('DELETE', `/v1/teams/invitations/${String(invitation?.['id'])}`)
  const { token } = await admin('POST', `${path}/invitations`, { email: mail('bob') })
  const accept = `/v1/teams/invitations/${String(token)}/accept`
  const accepted = await ask(tokens['bob'] ?? '', 'POST', `${accept}?dry_run=true`)
  expect(accepted).toMatchObject({ gains: [], loses: [], notes: [expect.stringMatching(/what only members see/)] })
  const before = await toolsOf('bob')
  await ask(tokens['bob'] ?? '', 'POST', accept)
  expect((await toolsOf('bob')).filter((tool) => !before.includes(tool)).toSorted()).toEqual(RED)
  await admin('DELETE', `${path}/members/${mail('bob')}`)
  const made = await foretold('POST', '/v1/auth/email/admin/users', { email: mail('cat') })
  expect(made.gains.map(({ user }) => user)).toEqual([mail('cat'), mail('cat')])
  tokens['cat'] = String((await admin('POST', '/v1/tokens', { name: 'x', user_email: mail('cat') }))['access_token'])
  expect(namesIn(made.gains)).toEqual((await toolsOf('cat')).toSorted())
})

test('a role that is changed or ended is compared for everybody who holds it', async () => {
  const role = await admin('POST', '/v1/rbac/roles', { name: 'caller', scope: 'team', permissions: ['tools.execute'] })
  const path = `/v1/rbac/roles/${String(role['id'])}`
  await admin('POST', `/v1/teams/${team}/members`, { email: mail('ann'), role: 'member' })
  await admin('POST', `/v1/rbac/users/${mail('ann')}/roles`, { role_id: 'caller', scope: 'team', scope_id: team })
  // Members may call whatever the team has: the role adds nothing, and takes nothing with it.
  expect(await admin('PUT', `${path}?dry_run=true`, { permissions: [] })).toMatchObject({
    gains: [],
    loses: [],
    users: 1,
  })
  expect(await admin('DELETE', `${path}?dry_run=true`)).toMatchObject({ gains: [], loses: [], users: 1 })
  expect(await admin('GET', path)).toMatchObject({ permissions: ['tools.execute'] })
  await expect(admin('DELETE', `/v1/teams/${team}?dry_run=true`)).rejects.toThrow(/gateways of this team/)
})

test('a route that has no dry run does nothing when it is asked for one', async () => {
  await expect(admin('POST', '/v1/roots?dry_run=true', { uri: 'file:///never' })).rejects.toThrow(
    /no dry run, and nothing was done/,
  )
  expect(JSON.stringify(await admin('GET', '/v1/roots'))).not.toContain('never')
})

test('a dry run takes the right to make the change', async () => {
  const path = `/v1/teams/${team}/members?dry_run=true`
  await expect(ask(tokens['ann'] ?? '', 'POST', path, { email: mail('bob') })).rejects.toThrow(/forbidden/)
})

test('the commands show a table and change nothing', async () => {
  const env = { CAUSEWAY_URL: gateway.url, CAUSEWAY_TOKEN: gateway.token }
  const { out, code } = await causeway(['role', 'give', mail('bob'), 'platform_admin', '--dry-run'], env)
  expect([code, out]).toEqual([0, expect.stringMatching(/gains +bob@example.com +mine-echo/)])
  const taken = await causeway(['team', 'remove-member', 'red', mail('ann'), '--dry-run'], env)
  expect([taken.code, taken.out]).toEqual([0, expect.stringMatching(/loses +ann@example.com +red-slow/)])
  const open = await causeway(['team', 'update', 'red', '--max-members', '3', '--dry-run'], env)
  expect([open.code, open.out]).toEqual([0, 'nobody would gain or lose a tool\n'])
  await ask(tokens['bob'] ?? '', 'POST', `/v1/teams/${team}/join`, {})
  const letIn = await causeway(['team', 'approve', 'red', mail('bob'), '--dry-run'], env)
  expect([letIn.code, letIn.out]).toEqual([0, expect.stringMatching(/gains +bob@example.com +red-echo/)])
  expect(await toolsOf('bob')).not.toContain('mine-echo')
  expect(await toolsOf('bob')).not.toContain('red-echo')
  expect(await toolsOf('ann')).toContain('red-slow')
})

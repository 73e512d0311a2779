import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Random } from '../../bench/lab/random.ts'
import { foretoldScene, mail, type Change, type Foretold, type ForetoldScene } from './foretold.ts'

let scene: ForetoldScene
const teams: Record<'red' | 'blue', string> = { red: '', blue: '' }
const gateways: string[] = []
let tools: readonly { readonly id: string; readonly name: string }[]
let server = ''

beforeAll(async () => {
  scene = await foretoldScene()
  for (const name of ['ann', 'bob', 'cat']) await scene.person(name)
  for (const name of ['red', 'blue'] as const)
    teams[name] = String((await scene.admin('POST', '/v1/teams', { name }))['id'])
  await join('red', 'ann', 'member')
  await join('red', 'cat', 'owner')
  await join('blue', 'cat', 'member')
  for (const name of ['one', 'two']) gateways.push((await scene.gateway.register(name, scene.upstream)).id)
  tools = (await scene.gateway.api('GET', '/v1/tools')).body as unknown as typeof tools
  const associatedTools = tools.filter(({ name }) => name.endsWith('echo')).map(({ id }) => id)
  server = String((await scene.admin('POST', '/v1/servers', { name: 'desk', associatedTools }))['id'])
  scene.servers.add(server)
  await scene.token('ann at the desk', 'ann', { scope: { server_id: server } })
  await scene.token('ann for red', 'ann', { team_id: teams.red })
  await scene.token('cat looks', 'cat', { scope: { permissions: ['tools.read'] } })
  await scene.token('cat calls', 'cat', { scope: { permissions: ['tools.read', 'tools.execute'] } })
})
afterAll(() => scene?.[Symbol.asyncDispose]())

const join = (team: 'red' | 'blue', name: string, role: string) =>
  scene.admin('POST', `/v1/teams/${teams[team]}/members`, { email: mail(name), role })

const put = (path: string, body: object): Change => ({ method: 'PUT', path, body })
const post = (path: string, body?: object): Change => ({ method: 'POST', path, ...(body && { body }) })
const drop = (path: string): Change => ({ method: 'DELETE', path })

/** Every kind of change, each with arguments by chance: some are refused, and then the dry run is too. */
function changeBy(pick: <T>(all: readonly T[]) => T): Change {
  const place = { visibility: pick(['private', 'team', 'public']), team_id: pick([null, teams.red, teams.blue]) }
  const tool = `/v1/tools/${pick(tools).id}`
  const gateway = `/v1/gateways/${pick(gateways)}`
  const email = mail(pick(['ann', 'bob', 'cat']))
  const activate = pick([true, false])
  const associatedTools = tools.filter(() => pick([true, false])).map(({ id }) => id)
  const token = `/v1/tokens/${pick([...scene.callers.values()].filter(({ isNarrowed }) => isNarrowed)).tokenId}`
  return pick([
    put(gateway, place),
    put(gateway, place),
    post(`${gateway}/state?activate=${activate}`),
    put(tool, { visibility: place.visibility }),
    post(`${tool}/state?activate=${activate}`),
    put(`/v1/servers/${server}`, { visibility: place.visibility, team_id: place.team_id }),
    put(`/v1/servers/${server}`, { associatedTools }),
    post(`/v1/servers/${server}/state?activate=${activate}`),
    put(token, { is_active: activate }),
    post(`/v1/teams/${pick(Object.values(teams))}/members`, { email, role: pick(['member', 'owner']) }),
    drop(`/v1/teams/${pick(Object.values(teams))}/members/${email}`),
    post(`/v1/rbac/users/${email}/roles`, { role_id: 'platform_admin', scope: 'global' }),
    drop(`/v1/rbac/users/${email}/roles/platform_admin?scope=global`),
    { method: 'PATCH', path: `/v1/auth/email/admin/users/${email}`, body: { is_active: activate } },
  ])
}

test('of any change: what a dry run says, and what the records say later, is what is, for everybody, every token and every door', async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
  const chance = new Random(seed, 0)
  const pick = <T>(all: readonly T[]): T => all[Math.floor(chance.next() * all.length)] as T
  let [done, refused, told] = [0, 0, 0]
  const since = await now()
  const before = await scene.uses()
  for (let n = 0; n < 60; n++) {
    const change = changeBy(pick)
    try {
      const answer = await scene.tried(change)
      if (answer === null) refused++
      else [done, told] = [done + 1, told + answer.gains.length + answer.loses.length]
    } catch (error) {
      throw new Error(`seed ${seed}, change ${n}: ${change.method} ${change.path} ${JSON.stringify(change.body)}`, {
        cause: error,
      })
    }
  }
  console.log(`seed ${seed}: ${done} changes, ${refused} refused, ${told} gains and losses foretold`)
  expect(done).toBeGreaterThan(30)
  expect(told).toBeGreaterThan(10)
  const diff = await scene.admin('GET', `/v1/access/diff?since=${since}&limit=1000`)
  expect(diff).toMatchObject({ is_exact: true, is_complete: true, notes: [], unnamed: 0, next_offset: null })
  scene.compare(diff as unknown as Foretold, { before, after: await scene.uses() })
}, 180_000)

/** Nothing that was done before is of this millisecond. */
async function now(): Promise<string> {
  await sleep(20)
  return new Date().toISOString()
}

test('a token: what it opens when it is made, narrowed and ended', async () => {
  await reset()
  const scope = { server_id: server }
  const asked = await scene.admin('POST', '/v1/tokens?dry_run=true', { name: 'x', scope, user_email: mail('bob') })
  expect(asked).toMatchObject({ loses: [], totals: { gains: 2, loses: 0 } })
  expect(asked['gains']).toMatchObject([
    { user: mail('bob'), server: 'desk' },
    { tool: expect.stringMatching(/echo$/) },
  ])
  const names = ((await scene.admin('GET', '/v1/tokens?limit=100'))['tokens'] as readonly { name: string }[]).map(
    ({ name }) => name,
  )
  expect(names).not.toContain('x')
  const id = await scene.token('bob at the desk', 'bob', { scope })
  expect((await scene.foretold(drop(`/v1/tokens/${id}`))).loses).toHaveLength(2)
  const wide = await scene.token('bob, all of it', 'bob', {})
  const narrower = put(`/v1/tokens/${wide}`, { scope: { permissions: ['tools.read'] } })
  expect((await scene.foretold(narrower)).loses.map((one) => one.token_id)).toEqual([wide, wide, wide, wide])
})

test('a server cannot be made under an id that is taken, nor its dry run tell what is there', async () => {
  expect(await scene.tried(post('/v1/servers', { id: server, name: 'another' }))).toBeNull()
})

test('what is deleted is lost', async () => {
  await reset()
  expect((await scene.foretold(drop(`/v1/servers/${server}`))).loses.length).toBeGreaterThan(0)
  scene.servers.clear()
  expect((await scene.foretold(drop(`/v1/gateways/${gateways[1] ?? ''}`))).loses.length).toBeGreaterThan(0)
})

/** Everything is public and on again, and nobody is more than a member. */
async function reset(): Promise<void> {
  for (const id of gateways) {
    await scene.admin('PUT', `/v1/gateways/${id}`, { visibility: 'public', team_id: null })
    await scene.admin('POST', `/v1/gateways/${id}/state?activate=true`)
  }
  for (const { id } of tools) {
    await scene.admin('PUT', `/v1/tools/${id}`, { visibility: 'public' })
    await scene.admin('POST', `/v1/tools/${id}/state?activate=true`)
  }
  const associatedTools = tools.filter(({ name }) => name.endsWith('echo')).map(({ id }) => id)
  await scene.admin('PUT', `/v1/servers/${server}`, { visibility: 'public', team_id: null, associatedTools })
  await scene.admin('POST', `/v1/servers/${server}/state?activate=true`)
  for (const name of ['ann', 'bob', 'cat']) {
    await scene.admin('PATCH', `/v1/auth/email/admin/users/${mail(name)}`, { is_active: true, is_admin: false })
    const { tokenId = '' } = scene.callers.get(name) ?? {}
    await scene.admin('PUT', `/v1/tokens/${tokenId}`, { is_active: true })
  }
}

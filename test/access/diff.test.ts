import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditAttic } from '#/store/audit-store.ts'
import { startSlowServer } from '../fixtures/slow-server.ts'
import { causeway } from '../support/cli.ts'
import { databaseOf } from '../support/own-database.ts'
import { foretoldScene, mail, type Foretold, type ForetoldScene, type Said } from './foretold.ts'

let scene: ForetoldScene
let team = ''
let gateway = ''

beforeAll(async () => {
  scene = await foretoldScene()
  for (const name of ['ann', 'bob']) await scene.person(name)
  team = String((await scene.admin('POST', '/v1/teams', { name: 'red' }))['id'])
  gateway = (await scene.gateway.register('one', scene.upstream)).id
})
afterAll(() => scene?.[Symbol.asyncDispose]())

/** Nothing that was done before is of this millisecond. */
async function now(): Promise<string> {
  await sleep(20)
  return new Date().toISOString()
}

const diff = (since: string, more = ''): Promise<Said> =>
  scene.admin('GET', `/v1/access/diff?since=${encodeURIComponent(since)}${more}`)

const toolsIn = (list: unknown, user: string): readonly string[] =>
  (list as Foretold['gains']).filter((one) => one.user === mail(user)).map(({ tool }) => tool)

test('what was made, given and taken away since is gone back through', async () => {
  const since = await now()
  const before = await scene.uses()
  await scene.admin('POST', `/v1/teams/${team}/members`, { email: mail('ann'), role: 'owner' })
  await scene.admin('PUT', `/v1/gateways/${gateway}`, { visibility: 'team', team_id: team })
  const role = await scene.admin('POST', '/v1/rbac/roles', { name: 'caller', scope: 'team', permissions: [] })
  await scene.admin('PUT', `/v1/rbac/roles/${String(role['id'])}`, { permissions: ['tools.execute'] })
  await scene.admin('POST', `/v1/rbac/users/${mail('ann')}/roles`, { role_id: 'caller', scope: 'team', scope_id: team })
  const made = { name: 'here', url: 'http://127.0.0.1:9/x', integration_type: 'REST', request_type: 'GET' }
  const local = await scene.admin('POST', '/v1/tools', made)
  const server = await scene.admin('POST', '/v1/servers', { name: 'desk', associatedTools: [local['id']] })
  await scene.admin('DELETE', `/v1/servers/${String(server['id'])}`)
  await scene.admin('DELETE', `/v1/rbac/roles/${String(role['id'])}`)
  const second = await scene.gateway.register('two', scene.upstream)
  // What has been moved since it came had come all the same.
  for (const visibility of ['private', 'public']) await scene.admin('PUT', `/v1/gateways/${second.id}`, { visibility })
  const said = await diff(since)
  expect(said).toMatchObject({ is_exact: true, notes: [] })
  // What is declared here is called at an address that answers nobody.
  const used = { before, after: new Map(await scene.uses()) }
  for (const name of ['ann', 'bob'])
    used.after.set(`${name} /mcp`, new Set([...(used.after.get(`${name} /mcp`) ?? []), 'here']))
  scene.compare(said as unknown as Foretold, used)
  expect(toolsIn(said['gains'], 'bob')).toEqual(expect.arrayContaining(['here', 'two-echo', 'two-slow']))
  expect(toolsIn(said['loses'], 'bob').toSorted()).toEqual(['one-echo', 'one-slow'])
  // Taken back once more, on the way in between.
  const between = await now()
  await scene.admin('DELETE', `/v1/tools/${String(local['id'])}`)
  await scene.admin('DELETE', `/v1/teams/${team}/members/${mail('ann')}`).catch(() => null)
  const later = await diff(between)
  expect(toolsIn(later['loses'], 'bob')).toEqual(['here'])
  expect(later).toMatchObject({ is_exact: true })
  const last = await now()
  await scene.admin('DELETE', `/v1/gateways/${second.id}`)
  expect(await diff(last)).toMatchObject({
    is_exact: false,
    notes: [expect.stringMatching(/gateway two went with its 2 tools/)],
  })
  expect(await diff(last, '&kind=resource')).toMatchObject({
    is_exact: false,
    notes: [expect.stringMatching(/gateway two went with its [1-9]\d* resources/)],
  })
})

test('people who come and go are told of as they were', async () => {
  const since = await now()
  await scene.person('cat')
  const came = await diff(since)
  expect(toolsIn(came['gains'], 'cat')).toEqual([])
  await scene.admin('PUT', `/v1/gateways/${gateway}`, { visibility: 'public' })
  const there = await now()
  await scene.admin('DELETE', `/v1/auth/email/admin/users/${mail('cat')}`)
  scene.callers.delete('cat')
  const gone = await diff(there)
  expect(toolsIn(gone['loses'], 'cat').toSorted()).toEqual(['one-echo', 'one-slow'])
  expect(toolsIn((await diff(since))['gains'], 'cat')).toEqual([])
})

test('what was the own of somebody who has gone is told of as that', async () => {
  await scene.person('dan')
  const dan = `/v1/auth/email/admin/users/${mail('dan')}`
  await scene.admin('POST', `/v1/teams/${team}/members`, { email: mail('dan'), role: 'owner' })
  const made = { name: 'own', url: 'http://127.0.0.1:9/x', integration_type: 'REST', request_type: 'GET' }
  const answer = await fetch(`${scene.gateway.url}/v1/tools`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${scene.callers.get('dan')?.token ?? ''}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ ...made, team_id: team, visibility: 'private' }),
  })
  expect(answer.status).toBe(200)
  const { id } = (await answer.json()) as Said
  const since = await now()
  await scene.admin('DELETE', dan)
  scene.callers.delete('dan')
  const gone = await diff(since)
  expect(toolsIn(gone['loses'], 'dan')).toContain('own')
  expect(gone).toMatchObject({ is_exact: true })
  await scene.admin('DELETE', `/v1/tools/${String(id)}`)
})

test('tokens that ended with their team are said to be missing', async () => {
  const blue = String((await scene.admin('POST', '/v1/teams', { name: 'blue' }))['id'])
  await scene.admin('POST', `/v1/teams/${blue}/members`, { email: mail('ann'), role: 'member' })
  await scene.token('ann for blue', 'ann', { team_id: blue })
  scene.callers.delete('ann for blue')
  const since = await now()
  await scene.admin('DELETE', `/v1/teams/${blue}`)
  expect(await diff(since)).toMatchObject({
    is_exact: false,
    notes: [expect.stringMatching(/tokens that were narrowed to it ended with it/)],
  })
})

test('what a server no longer offers is said to be missing', async () => {
  await using larger = await startSlowServer(0, 5)
  const { id } = await scene.gateway.register('three', larger.at('modern'))
  const since = await now()
  await scene.admin('PUT', `/v1/gateways/${id}`, { url: scene.upstream })
  const notes = [expect.stringMatching(/gateways\.update .* 3 tools went that its server no longer offered/)]
  expect(await diff(since)).toMatchObject({ is_exact: false, notes })
  expect(await diff(since, '&kind=prompt')).toMatchObject({ is_exact: true, notes: [] })
  await scene.admin('DELETE', `/v1/gateways/${id}`)
})

test('it is paged, and the pages are the whole', async () => {
  const since = await now()
  await scene.admin('PUT', `/v1/gateways/${gateway}`, { visibility: 'private' })
  const whole = await diff(since)
  expect(whole).toMatchObject({ is_complete: true, totals: { gains: 0, loses: 4 }, changes: 1 })
  const parts: unknown[] = []
  for (let offset: number | null = 0; offset !== null;) {
    const page: Said = await diff(since, `&limit=1&offset=${offset}`)
    parts.push(...(page['loses'] as readonly unknown[]))
    offset = page['next_offset'] as number | null
  }
  expect(parts).toEqual(whole['loses'])
  const resources = await diff(since, '&kind=resource')
  expect(resources['loses']).toContainEqual(expect.objectContaining({ user: mail('ann'), resource: 'slow://thing' }))
})

test('a time that cannot be read is refused with what can be', async () => {
  await expect(diff('yesterday')).rejects.toThrow(/since: .*yesterday.* is no time: .*2h or 7d/)
  await expect(diff('2999-01-01')).rejects.toThrow(/still to come/)
  await expect(scene.admin('GET', '/v1/access/diff')).rejects.toThrow(/since/)
})

test('what a start did is not in the records, and that is said', async () => {
  const { notes, is_exact: isExact } = await diff('2000-01-01')
  expect([isExact, notes]).toEqual([false, expect.arrayContaining([expect.stringMatching(/administrator was made/)])])
})

/** As the gateway forgets, whatever day it is. */
async function forget(olderThan: string): Promise<void> {
  await using db = await databaseOf(scene.gateway, scene.database.url)
  const attic = auditAttic(db)
  while ((await attic.forget(new Date(olderThan), 5)) === 5);
}

const show = (visibility: string): Promise<Said> => scene.admin('PUT', `/v1/gateways/${gateway}`, { visibility })

test('where records were forgotten, it says from when on it is the answer, and claims nothing of before', async () => {
  await show('public')
  const since = await now()
  await show('private')
  const between = await now()
  const before = await scene.uses()
  await show('public')
  const after = await now()
  expect(await diff(since)).toMatchObject({ is_exact: true, totals: { gains: 0, loses: 0 }, notes: [] })
  await forget(between)
  const said = await diff(since)
  const begins = String(said['since'])
  expect([between < begins, begins < after]).toEqual([true, true])
  expect(said).toMatchObject({ is_exact: false, notes: [expect.stringMatching(`${begins} were forgotten`)] })
  // What was taken away before then is not told of, what was given after it is.
  expect(said).toMatchObject({ totals: { gains: 4, loses: 0 } })
  scene.compare(said as unknown as Foretold, { before, after: await scene.uses() })
  // Of a time that lies before the oldest record, however near, it is not known that nothing happened.
  expect(await diff(between)).toMatchObject({ since: begins, is_exact: false, totals: { gains: 4, loses: 0 } })
  expect(await diff(begins)).toMatchObject({ since: begins, is_exact: true, notes: [], totals: { gains: 4, loses: 0 } })
  expect(await diff(after)).toMatchObject({ is_exact: true, notes: [], totals: { gains: 0, loses: 0 } })
  const env = { CAUSEWAY_URL: scene.gateway.url, CAUSEWAY_TOKEN: scene.gateway.token }
  const told = await causeway(['access', 'diff', '--since', since], env)
  expect([told.code, told.out]).toEqual([0, expect.stringMatching(/gains +ann@example.com +one-echo/)])
  expect(told.err).toMatch(new RegExp(`older records than ${begins} were forgotten[^]*this is not exact`))
})

test('where all of them were, it begins with that', async () => {
  const since = await now()
  await show('private')
  await show('public')
  const forgotten = await now()
  await forget(forgotten)
  const said = await diff(since)
  expect(String(said['since']) > forgotten).toBe(true)
  expect(said).toMatchObject({
    is_exact: false,
    gains: [],
    loses: [],
    notes: [expect.stringMatching(/were forgotten/)],
  })
  const env = { CAUSEWAY_URL: scene.gateway.url, CAUSEWAY_TOKEN: scene.gateway.token }
  const told = await causeway(['access', 'diff', '--since', since], env)
  expect(told.out).toMatch(`nobody has gained or lost a tool since ${String(said['since'])}`)
  expect(told.err).toMatch(/were forgotten/)
  await show('private')
})

test('the commands', async () => {
  const env = { CAUSEWAY_URL: scene.gateway.url, CAUSEWAY_TOKEN: scene.gateway.token }
  const run = (...words: readonly string[]) => causeway(words, env)
  const since = await now()
  const asked = await run('access', 'set', 'gateway', 'one', '--visibility', 'public', '--dry-run')
  expect([asked.code, asked.out]).toEqual([0, expect.stringMatching(/gains +bob@example.com +one-echo/)])
  expect((await run('access', 'diff', '--since', since)).out).toMatch(/nobody has gained or lost a tool since/)
  expect((await run('access', 'set', 'gateway', 'one', '--visibility', 'public')).code).toBe(0)
  const diffed = await run('access', 'diff', '--since', since, '--limit', '1')
  expect([diffed.code, diffed.out]).toEqual([0, expect.stringMatching(/gains +(ann|bob)@example.com +one-/)])
  expect(diffed.err).toMatch(/the next ones: --offset 1/)
  const json = JSON.parse((await run('access', 'diff', '--since', since, '--json')).out) as Said
  expect(json).toMatchObject({ totals: { gains: 4, loses: 0 }, is_exact: true })
  const wrong = await run('access', 'diff', '--since', 'yesterday')
  expect([wrong.code, wrong.err]).toEqual([1, expect.stringMatching(/yesterday.* is no time/)])
  const token = await run('token', 'create', 'desk', '--permission', 'tools.execute', '--dry-run')
  expect([token.code, token.out]).toEqual([0, expect.stringMatching(/gains +\S+ +one-echo +token /)])
  for (const words of [
    ['disable', 'one'],
    ['remove', 'one'],
  ]) {
    const off = await run(...words, '--dry-run')
    expect([off.code, off.out]).toEqual([0, expect.stringMatching(/loses +ann@example.com +one-slow/)])
  }
  expect((await scene.gateway.api('GET', '/v1/tools')).body).toHaveLength(2)
})

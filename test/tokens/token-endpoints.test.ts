import { expect, test } from 'vitest'
import { allowAny } from '../../src/access/allow.ts'
import { TokenId, UserId } from '../../src/access/ids.ts'
import { openDatabase } from '../../src/store/database.ts'
import { tokenStore } from '../../src/store/token-store.ts'
import { revokeToken } from '../../src/tokens/change-token.ts'
import { createToken } from '../../src/tokens/create-token.ts'
import { tokenEndpoints } from '../../src/tokens/token-endpoints.ts'
import { quiet } from '../support/quiet.ts'
import { tokenScene } from './scene.ts'

test('lists page by offset and by cursor, newest first, with the whole number', async () => {
  await using it = await tokenScene()
  for (let i = 0; i < 7; i++) await it.create({ name: `t${i}` })
  const revoke = allowAny(await it.principal(), 'tokens.revoke')
  const all = await it.deps.store.page(
    { limit: null, after: null, includeInactive: false },
    { userId: null, offset: 0 },
  )
  expect(all.rows.map((row) => row.name)).toEqual([
    't6',
    't5',
    't4',
    't3',
    't2',
    't1',
    't0',
    expect.stringMatching(/^admin/),
  ])
  await revokeToken(it.deps, { id: all.rows[0]?.id ?? TokenId.mint(), reason: null, grant: revoke, ifMatch: null })
  const names: string[] = []
  for (let after = null as (typeof all)['next']; ;) {
    const page = await it.deps.store.page({ limit: 3, after, includeInactive: false }, { userId: null, offset: 0 })
    expect(page.total).toBe(7)
    names.push(...page.rows.map((row) => row.name))
    if (page.next === null) break
    after = page.next
  }
  expect(names.slice(0, 6)).toEqual(['t5', 't4', 't3', 't2', 't1', 't0'])
  const second = await it.deps.store.page({ limit: 2, after: null, includeInactive: true }, { userId: null, offset: 2 })
  expect(second.rows.map((row) => row.name)).toEqual(['t4', 't3'])
  const beyond = await it.deps.store.page(
    { limit: 2, after: null, includeInactive: true },
    { userId: null, offset: 50 },
  )
  expect(beyond).toMatchObject({ rows: [], total: 8 })
  const others = await it.deps.store.page(
    { limit: 2, after: null, includeInactive: true },
    { userId: UserId.mint(), offset: 0 },
  )
  expect(others).toMatchObject({ rows: [], total: 0 })
})

test('everything works with a pool of one connection', async () => {
  await using it = await tokenScene()
  await using db = await openDatabase({ url: it.fresh.url, poolSize: 1, log: quiet })
  const deps = { ...it.deps, store: tokenStore(db) }
  const grant = allowAny(await it.principal(), 'tokens.create')
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, i) => createToken(deps, { body: { name: `p${i}` }, grant, idempotency: null })),
  )
  expect(new Set(made.map(({ text }) => text)).size).toBe(20)
})

test('the routes answer in the documented shapes', async () => {
  await using it = await tokenScene()
  const principal = await it.principal()
  const routes = new Map(tokenEndpoints(it.deps).map((route) => [route.route, route]))
  const ask = async (route: string, input: Record<string, unknown>) => {
    const found = routes.get(route as never)
    if (found === undefined || found.permission === 'public') throw new Error('no such route')
    const whole = {
      principal,
      grant: allowAny(principal, found.permission),
      query: {},
      idempotency: null,
      ifMatch: null,
      ...input,
    }
    return await found.handle(whole as never)
  }
  const idempotency = { key: 'k', hash: Buffer.from('h') }
  const created = await ask('POST /tokens', { body: { name: 'ci' }, idempotency })
  const { token, access_token: text } = created.body as { token: { id: string }; access_token: string }
  expect(created.status).toBeUndefined()
  expect(text).toMatch(/^cw_/)
  expect(Object.keys(token)).toEqual([
    'id',
    'name',
    'description',
    'user_email',
    'team_id',
    'server_id',
    'resource_scopes',
    'effective_permissions',
    'ip_restrictions',
    'time_restrictions',
    'usage_limits',
    'created_at',
    'expires_at',
    'last_used',
    'is_active',
    'is_revoked',
    'revoked_at',
    'revoked_by',
    'revocation_reason',
    'tags',
    'hint',
    'version',
  ])
  expect(await ask('POST /tokens', { body: { name: 'ci' }, idempotency })).toMatchObject({
    status: 200,
    body: { token: { id: token.id }, access_token: null, note: expect.stringContaining('only then') },
  })
  expect(await ask('GET /tokens', { query: { limit: 1 } })).toMatchObject({
    body: { tokens: [{ id: token.id }], total: 2, limit: 1, offset: 0, nextCursor: expect.any(String) },
  })
  const dashed = token.id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  expect(await ask('GET /tokens/{id}', { params: { id: dashed } })).toMatchObject({
    headers: { etag: '"1"' },
    body: token,
  })
  const renamed = await ask('PUT /tokens/{id}', { params: { id: token.id }, body: { name: 'cd' }, ifMatch: 1 })
  expect(renamed).toMatchObject({ headers: { etag: '"2"' }, body: { name: 'cd', version: 2 } })
  expect(await ask('DELETE /tokens/{id}', { params: { id: token.id }, body: {} })).toEqual({ body: undefined })
  expect(routes.get('DELETE /tokens/{id}')?.status).toBe(204)
  expect(await ask('GET /tokens/{id}', { params: { id: token.id } })).toMatchObject({ body: { is_revoked: true } })
})

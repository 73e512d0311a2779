import { expect, test } from 'vitest'
import { allowAny } from '../../src/access/allow.ts'
import { ServerId, TokenId, UserId } from '../../src/access/ids.ts'
import { mintToken, tokenHash } from '../../src/access/token-format.ts'
import { checkerOf } from '../../src/api/validate.ts'
import { GatewayError } from '../../src/errors/gateway-error.ts'
import { revokeToken, updateToken } from '../../src/tokens/change-token.ts'
import { TokenCreate } from '../../src/tokens/token-input.ts'
import { codeOf, tokenScene } from './scene.ts'
import { plainPrincipal, plainUser } from '../support/principals.ts'

test('a token is made with a hash of what is shown once, announced and audited', async () => {
  await using it = await tokenScene()
  const { token, text } = await it.create({ name: 'ci', description: 'd', tags: ['Data Set'], expires_in_days: 30 })
  expect(text).toMatch(/^cw_/)
  expect(token).toMatchObject({
    name: 'ci',
    description: 'd',
    permissions: null,
    isActive: true,
    revokedAt: null,
    version: 1,
  })
  expect(token.hint).toBe(text?.slice(0, 8))
  expect(token.tags).toEqual([{ id: 'data-set', label: 'Data Set' }])
  const [row] = await it.fresh.sql<{ hash: string; whole: string; days: number }>(
    `SELECT encode(hash, 'hex') AS hash, row_to_json(tokens)::text AS whole,
       extract(epoch FROM expires_at - now()) / 86400 AS days FROM tokens WHERE id = $1`,
    [token.id],
  )
  expect(row?.hash).toBe(tokenHash(text ?? ''))
  expect(row?.whole).not.toContain(text)
  expect(Number(row?.days)).toBeCloseTo(30, 2)
  const [audit] = await it.fresh.sql<{ detail: string }>(`SELECT * FROM audit_log WHERE action = 'tokens.create'`)
  expect(audit).toMatchObject({ actor: 'admin@example.com', target_kind: 'token', target_id: token.id })
  expect(audit?.detail).not.toContain(text)
  expect(await it.fresh.sql(`SELECT kind FROM changes WHERE id = $1`, [token.id])).toEqual([{ kind: 'token' }])
  expect(it.settled).toHaveLength(1)
  expect(it.settled[0]).toBeGreaterThan(0)
})

test('a token goes no further than the one it is made with', async () => {
  await using it = await tokenScene()
  const narrow = await it.create({
    name: 'narrow',
    expires_in_days: 2,
    scope: { permissions: ['tokens.create', 'tokens.update', 'tools.*'] },
  })
  expect(narrow.token.permissions?.toSorted()).toEqual([
    'servers.use',
    'tokens.create',
    'tokens.update',
    'tools.create',
    'tools.delete',
    'tools.execute',
    'tools.read',
    'tools.update',
  ])
  const who = await it.principal(narrow.token.id)
  expect(await codeOf(it.create({ name: 'a', scope: { permissions: ['gateways.delete'] } }, { who }))).toBe(
    'forbidden scope.permissions',
  )
  expect(await codeOf(it.create({ name: 'a', expires_in_days: 3 }, { who }))).toBe('forbidden expires_in_days')
  expect(await codeOf(it.create({ name: 'a', scope: { permissions: ['gateways.*'] } }, { who }))).toBe(
    'forbidden scope.permissions',
  )
  const same = await it.create({ name: 'same', scope: { permissions: ['*'] } }, { who })
  expect(same.token.permissions).toEqual(narrow.token.permissions)
  expect(Date.parse(same.token.expiresAt ?? '')).toBeLessThanOrEqual(Date.parse(narrow.token.expiresAt ?? ''))
  const less = await it.create({ name: 'less', expires_in_days: 1, scope: { permissions: ['tools.read'] } }, { who })
  expect(less.token.permissions?.toSorted()).toEqual(['servers.use', 'tools.read'])
})

test.each([
  [{ name: 'a', scope: { permissions: [] } }, 'invalid_field scope.permissions'],
  [{ name: 'a', scope: { permissions: ['tools.fly'] } }, 'invalid_field scope.permissions'],
  [{ name: 'a', scope: { permissions: ['nothing.*'] } }, 'invalid_field scope.permissions'],
  [{ name: 'a', scope: { permissions: ['__proto__'] } }, 'invalid_field scope.permissions'],
  [{ name: 'a', scope: { server_id: 'x' } }, 'invalid_field scope.server_id'],
  [{ name: 'a', scope: { server_id: '0'.repeat(32) } }, 'invalid_field scope.server_id'],
  [{ name: 'a', team_id: '0'.repeat(32) }, 'invalid_field team_id'],
  [{ name: 'a', user_email: 'other@example.com' }, 'invalid_field user_email'],
])('%j is refused', async (body, code) => {
  await using it = await tokenScene()
  expect(await codeOf(it.create(body))).toBe(code)
})

test.each([
  [{ name: '' }],
  [{}],
  [{ name: 'x'.repeat(256) }],
  [{ name: 'a', expires_in_days: 0 }],
  [{ name: 'a', expires_in_days: 1.5 }],
  [{ name: 'a', scope: { countries: ['DE'] } }],
  [{ name: 'a', scope: { usage_limits: { requests_per_second: 1 } } }],
])('the body %j does not pass: a restriction that is not enforced is not accepted either', (body) => {
  expect(() => checkerOf(TokenCreate, 'body')(body)).toThrow(GatewayError)
})

test('a virtual server narrows', async () => {
  await using it = await tokenScene()
  const serverId = ServerId.mint()
  await it.fresh.sql(`INSERT INTO servers (id, name) VALUES ($1, 's')`, [serverId])
  const dashed = serverId.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  const { token } = await it.create({ name: 'a', scope: { server_id: dashed } })
  expect(token.serverId).toBe(serverId)
})

test('a name is taken once per user, and free again after a revocation', async () => {
  await using it = await tokenScene()
  const { token } = await it.create({ name: 'ci' })
  expect(await codeOf(it.create({ name: 'ci' }))).toBe('conflict name')
  const grant = allowAny(await it.principal(), 'tokens.revoke')
  await revokeToken(it.deps, { id: token.id, reason: 'lost', grant, ifMatch: null })
  expect((await it.create({ name: 'ci' })).token.id).not.toBe(token.id)
})

test('a repeated create makes one token and shows its text once; the key is of this request only', async () => {
  await using it = await tokenScene()
  const results = await Promise.all(Array.from({ length: 6 }, () => it.create({ name: 'ci' }, { key: 'k', hash: 'h' })))
  expect(new Set(results.map(({ token }) => token.id)).size).toBe(1)
  expect(results.filter(({ text }) => text !== null)).toHaveLength(1)
  expect(await it.fresh.sql(`SELECT count(*)::int AS n FROM tokens WHERE name = 'ci'`)).toEqual([{ n: 1 }])
  expect(await it.fresh.sql(`SELECT count(*)::int AS n FROM audit_log WHERE action = 'tokens.create'`)).toEqual([
    { n: 1 },
  ])
  expect(await codeOf(it.create({ name: 'other' }, { key: 'k', hash: 'i' }))).toBe('invalid_field Idempotency-Key')
  expect(await codeOf(it.create({ name: 'ci' }, { key: 'k2' }))).toBe('conflict name')
  expect((await it.create({ name: 'cj' }, { key: 'k2' })).text).not.toBeNull()
})

test('a token that was revoked a moment ago makes no other', async () => {
  await using it = await tokenScene()
  const { token } = await it.create({ name: 'maker' })
  const who = await it.principal(token.id)
  await it.fresh.sql(`UPDATE tokens SET revoked_at = now() WHERE id = $1`, [token.id])
  expect(await codeOf(it.create({ name: 'a' }, { who }))).toBe('unauthenticated')
  const toMake = {
    id: TokenId.mint(),
    forUser: null,
    secret: mintToken(),
    name: 'b',
    description: null,
    tags: [],
    isActive: true,
  }
  const rights = { permissions: null, serverId: null, teamId: null, expiresAt: null, limits: null }
  const straight = it.deps.store.create({ ...toMake, rights }, null, who)
  expect(await codeOf(straight)).toBe('unauthenticated')
  expect(await it.fresh.sql(`SELECT 1 FROM tokens WHERE name IN ('a', 'b')`)).toEqual([])
})

test('an update renames, narrows and switches, but never widens', async () => {
  await using it = await tokenScene()
  const { token } = await it.create({ name: 'ci', scope: { permissions: ['tools.*'] } })
  const grant = allowAny(await it.principal(), 'tokens.update')
  const update = (body: Parameters<typeof updateToken>[1]['body'], ifMatch: number | null = null) =>
    updateToken(it.deps, { id: token.id, body, grant, ifMatch })
  expect(await update({ name: 'cd', description: null, tags: ['x1'] })).toMatchObject({ name: 'cd', version: 2 })
  expect(await codeOf(update({ scope: { permissions: ['gateways.read'] } }))).toBe('forbidden scope.permissions')
  expect(await codeOf(update({ scope: { permissions: [] } }))).toBe('invalid_field scope.permissions')
  expect((await update({ scope: { permissions: ['tools.read'] } })).permissions?.toSorted()).toEqual([
    'servers.use',
    'tools.read',
  ])
  expect(await codeOf(update({ scope: { permissions: ['tools.execute'] } }))).toBe('forbidden scope.permissions')
  expect(await codeOf(update({ name: 'x' }, 1))).toBe('precondition_failed If-Match')
  expect((await update({ is_active: false }, 3)).isActive).toBe(false)
  expect(await update({ is_active: true }, 4)).toMatchObject({ isActive: true, name: 'cd', version: 5 })
  expect(await codeOf(updateToken(it.deps, { id: TokenId.mint(), body: {}, grant, ifMatch: null }))).toBe('not_found')
})

test('a narrow token cannot switch a wider one on', async () => {
  await using it = await tokenScene()
  const wide = await it.create({ name: 'wide', is_active: false })
  const narrow = await it.create({ name: 'narrow', scope: { permissions: ['tokens.update'] } })
  const grant = allowAny(await it.principal(narrow.token.id), 'tokens.update')
  expect(
    await codeOf(updateToken(it.deps, { id: wide.token.id, body: { is_active: true }, grant, ifMatch: null })),
  ).toBe('forbidden scope.permissions')
})

test('updates at the same time are each decided about what is there', async () => {
  await using it = await tokenScene()
  const { token } = await it.create({ name: 'ci' })
  const grant = allowAny(await it.principal(), 'tokens.update')
  await Promise.all([
    updateToken(it.deps, { id: token.id, body: { name: 'renamed' }, grant, ifMatch: null }),
    updateToken(it.deps, { id: token.id, body: { scope: { permissions: ['tools.read'] } }, grant, ifMatch: null }),
  ])
  const after = await it.deps.store.byId(token.id)
  expect(after).toMatchObject({ name: 'renamed', version: 3 })
  expect(after?.permissions?.toSorted()).toEqual(['servers.use', 'tools.read'])
})

test('a revocation is for good, keeps the row and says who and why; the second is a conflict', async () => {
  await using it = await tokenScene()
  const { token } = await it.create({ name: 'ci' })
  const principal = await it.principal()
  const grant = allowAny(principal, 'tokens.revoke')
  const revoke = (ifMatch: number | null = null, id = token.id) =>
    revokeToken(it.deps, { id, reason: 'lost', grant, ifMatch })
  expect(await codeOf(revoke(7))).toBe('precondition_failed If-Match')
  await revoke()
  const after = await it.deps.store.byId(token.id)
  expect(after).toMatchObject({ isActive: false, revokedBy: 'admin@example.com', revocationReason: 'lost' })
  expect(after?.revokedAt).not.toBeNull()
  expect(await codeOf(revoke())).toBe('conflict')
  expect(await codeOf(revoke(null, TokenId.mint()))).toBe('not_found')
  const switchOn = updateToken(it.deps, {
    id: token.id,
    body: { is_active: true },
    grant: allowAny(principal, 'tokens.update'),
    ifMatch: null,
  })
  expect(await codeOf(switchOn)).toBe('conflict')
})

test('tokens of others are absent for who is no administrator', async () => {
  await using it = await tokenScene()
  const { token } = await it.create({ name: 'ci' })
  const stranger = plainPrincipal(plainUser(UserId.mint()))
  const grant = { principal: stranger, target: null, rule: 'forged' } as never
  expect(await codeOf(revokeToken(it.deps, { id: token.id, reason: null, grant, ifMatch: null }))).toBe('not_found')
})

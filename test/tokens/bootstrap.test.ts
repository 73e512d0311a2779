import { HOLDS_ADMIN } from '../support/principals.ts'
import { expect, test } from 'vitest'
import { checkKeyRing } from '../../src/access/canaries.ts'
import { sealer } from '../../src/access/sealing.ts'
import { mintToken, tokenHash } from '../../src/access/token-format.ts'
import { canaryStore } from '../../src/store/key-store.ts'
import { administratorStore } from '../../src/store/user-store.ts'
import { ensureAdministrator } from '../../src/tokens/administrator.ts'
import { openDatabase } from '../../src/store/database.ts'
import { testDatabase } from '../support/database.ts'
import { quiet } from '../support/quiet.ts'

const key = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
const ring = (current: string, keys: Record<string, number>) =>
  sealer({ current, keys: new Map(Object.entries(keys).map(([id, fill]) => [id, key(fill)])) })

test('eight starts at once make one administrator with one token, and say so once', async () => {
  await using fresh = await testDatabase()
  await using pools = new AsyncDisposableStack()
  const token = mintToken().text
  const starts = await Promise.all(
    Array.from({ length: 8 }, async () =>
      administratorStore(pools.use(await openDatabase({ url: fresh.url, poolSize: 1, log: quiet }))),
    ),
  )
  const made = await Promise.all(
    starts.map((store) => ensureAdministrator(store, { email: 'Admin@example.com', token })),
  )
  expect(made.filter((each) => each === 'made')).toHaveLength(1)
  expect(made.filter((each) => each === 'there')).toHaveLength(7)
  expect(await fresh.sql(`SELECT email, ${HOLDS_ADMIN} AS is_admin, enabled FROM users AS u`)).toEqual([
    { email: 'Admin@example.com', is_admin: true, enabled: true },
  ])
  const tokens = await fresh.sql(`SELECT encode(hash, 'hex') AS hash, permissions, expires_at, is_active FROM tokens`)
  expect(tokens).toEqual([{ hash: tokenHash(token), permissions: null, expires_at: null, is_active: true }])
  const kinds = await fresh.sql(`SELECT kind FROM changes ORDER BY kind`)
  expect(kinds).toEqual([{ kind: 'token' }, { kind: 'user' }])
  expect(await fresh.sql(`SELECT action FROM audit_log`)).toEqual([{ action: 'administrator.ensure' }])
})

test('a user of that address becomes administrator, whatever its spelling; another token is added; a revoked one stays revoked', async () => {
  await using fresh = await testDatabase()
  await fresh.sql(`INSERT INTO users (id, email, enabled) VALUES ($1, 'ADMIN@example.com', false)`, ['0'.repeat(32)])
  const store = administratorStore(fresh.db)
  const [first, second] = [mintToken().text, mintToken().text]
  const ensure = (token: string) => ensureAdministrator(store, { email: 'admin@example.com', token })
  expect(await ensure(first)).toBe('made')
  expect(await ensure(first)).toBe('there')
  expect(await fresh.sql(`SELECT email, ${HOLDS_ADMIN} AS is_admin, enabled FROM users AS u`)).toEqual([
    { email: 'ADMIN@example.com', is_admin: true, enabled: true },
  ])
  expect(await ensure(second)).toBe('made')
  await fresh.sql(`UPDATE tokens SET revoked_at = now() WHERE hash = $1`, [Buffer.from(tokenHash(first), 'hex')])
  expect(await ensure(first)).toBe('revoked')
  expect(await ensure(second)).toBe('there')
  expect(await fresh.sql(`SELECT count(*)::int AS n FROM tokens`)).toEqual([{ n: 2 }])
})

test('a ring is taken at first, known later, may grow, and is refused when a key is missing or another', async () => {
  await using fresh = await testDatabase()
  const store = canaryStore(fresh.db)
  await checkKeyRing(ring('k1', { k1: 1 }), store)
  await checkKeyRing(ring('k1', { k1: 1 }), store)
  await checkKeyRing(ring('k2', { k1: 1, k2: 2 }), store)
  await expect(checkKeyRing(ring('k1', { k1: 1 }), store)).rejects.toThrow("it lacks the key 'k2'")
  await expect(checkKeyRing(ring('k3', { k3: 3 }), store)).rejects.toThrow("it lacks the key 'k1', 'k2'")
  await expect(checkKeyRing(ring('k2', { k1: 1, k2: 9 }), store)).rejects.toThrow("its key 'k2' is not the one")
  expect(await fresh.sql(`SELECT key_id FROM key_canaries ORDER BY key_id`)).toEqual([
    { key_id: 'k1' },
    { key_id: 'k2' },
  ])
})

test('of two starts with different rings on an empty database one is refused', async () => {
  await using fresh = await testDatabase()
  const store = canaryStore(fresh.db)
  const rings = Array.from({ length: 6 }, (_, i) => ring(`k${i}`, { [`k${i}`]: i }))
  const results = await Promise.allSettled(rings.map((each) => checkKeyRing(each, store)))
  expect(results.filter((each) => each.status === 'fulfilled')).toHaveLength(1)
  expect(await fresh.sql(`SELECT count(*)::int AS n FROM key_canaries`)).toEqual([{ n: 1 }])
})

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { sql, type RawBuilder } from 'kysely'
import { expect, test } from 'vitest'
import { UserId } from '#/access/ids.ts'
import { sealer } from '#/access/sealing.ts'
import { forgetOldAudit } from '#/audit/retention.ts'
import { verifyAuditChain } from '#/audit/verify-chain.ts'
import { auditKeyOpener } from '#/keyring.ts'
import { auditKeyMaker } from '#/keys/audit-key.ts'
import { auditKeyStore } from '#/store/audit-key-store.ts'
import { auditAttic, auditStore } from '#/store/audit-store.ts'
import { openDatabase } from '#/store/database.ts'
import { sealedStore } from '#/store/sealed-store.ts'
import { sealedDatabase, type SealedDatabase } from '../support/audit-parts.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { quiet } from '../support/quiet.ts'
import { wireTap } from '../support/wire-tap.ts'
import { archived, folder, restored } from '../backup/scene.ts'
import { attackerOf } from './attacker.ts'

async function write({ db }: Pick<TestDatabase, 'db'>, count: number, action = 'test'): Promise<void> {
  for (let n = 0; n < count; n++)
    await db.write('test', async (tx) => {
      tx.audit({ actor: 'ann', action, targetKind: 'thing', targetId: `${n}`, detail: { n } })
    })
}

const verify = ({ db, keys }: Pick<SealedDatabase, 'db' | 'keys'>) =>
  verifyAuditChain(auditStore(db), { openKey: auditKeyOpener(keys) })

const ACTOR = { userId: UserId.mint(), by: 'ann', via: 'api', fromIp: null, userAgent: null } as const
const YEAR_MS = 365 * 86_400_000

test('writers of several processes make one sealed chain, and none loses its work', async () => {
  await using fresh = await sealedDatabase({ poolSize: 8 })
  const { url, keys } = fresh
  await using other = await openDatabase({ url, poolSize: 8, log: quiet, auditKey: auditKeyOpener(keys) })
  const writes = Array.from({ length: 60 }, (_, n) =>
    (n % 2 === 0 ? fresh.db : other).write('test', async (tx) => {
      if (n % 5 === 0) tx.changed('tool', '0'.repeat(32))
      tx.audit({ actor: 'ann', action: 'at once', targetKind: 'thing', targetId: `${n}`, detail: {} })
      tx.another()
      tx.audit({ actor: 'ann', action: 'and another', targetKind: 'thing', targetId: `${n}`, detail: {} })
    }),
  )
  const numbers = (await Promise.all(writes)).map(({ seq }) => seq)
  expect(new Set(numbers).size).toBe(60)
  expect(await verify(fresh)).toMatchObject({ intact: true, records: 120, sealedFrom: 1 })
})

test('a write with a record takes three round trips; two more where somebody was faster', async () => {
  await using fresh = await sealedDatabase()
  const { url, keys } = fresh
  await using tap = await wireTap(url)
  await using db = await openDatabase({ url: tap.url, poolSize: 1, log: quiet, auditKey: auditKeyOpener(keys) })
  const change = (statement: RawBuilder<unknown>) =>
    db.write('test', async (tx) => {
      await statement.execute(tx.sql)
      tx.audit({ actor: 'a', action: 'b', targetKind: 'c', targetId: 'd', detail: {} })
    })
  await change(sql`SELECT 1`)
  tap.reset()
  await change(sql`SELECT 2`)
  expect(tap.roundTrips).toBe(3)
  tap.reset()
  const late = change(sql`SELECT pg_sleep(1)`)
  const asleep = () =>
    fresh.sql(`SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()`)
  await expect.poll(asleep).toHaveLength(1)
  await write(fresh, 1)
  await late
  expect(tap.roundTrips).toBe(5)
  expect(await verify(fresh)).toMatchObject({ intact: true, records: 4 })
})

test('a process that dies in the middle of a write leaves nothing', async () => {
  await using fresh = await sealedDatabase()
  await write(fresh, 2)
  const killed = fresh.db.write('test', async (tx) => {
    tx.audit({ actor: 'ann', action: 'never', targetKind: 'thing', targetId: 'x', detail: {} })
    await sql`SELECT pg_terminate_backend(pg_backend_pid())`.execute(tx.sql)
  })
  await expect(killed).rejects.toMatchObject({ name: 'GatewayError' })
  await write(fresh, 1)
  expect(await verify(fresh)).toMatchObject({ intact: true, records: 3 })
})

test('after a rotation records are sealed with a new key; the one before it counts for what is older only', async () => {
  await using fresh = await sealedDatabase()
  const { db, keys } = fresh
  await write(fresh, 3)
  const rotation = { from: 'k1', to: 'k1', resealed: 0 }
  await Promise.all([
    sealedStore(db).rotated(rotation, ACTOR, auditKeyMaker(keys)),
    ...Array.from({ length: 10 }, () => write(fresh, 2)),
  ])
  await write(fresh, 2)
  expect(await verify(fresh)).toMatchObject({ intact: true, records: 26 })
  await using attacker = await attackerOf(fresh.url)
  const used = new Set((await attacker.rows()).map(({ key_id: id }) => id?.slice(0, 8)))
  expect([...used]).toEqual(['00000001', '00000002'])
  await attacker.sql('UPDATE change_clock SET audit_key = (SELECT min(id) FROM audit_keys)')
  await write(fresh, 1)
  expect(await verify(fresh)).toMatchObject({ intact: false, found: 'retired_key', records: 26 })
})

test('what was kept long enough is forgotten, and the sealed chain goes on from there', async () => {
  await using fresh = await sealedDatabase()
  await write(fresh, 5)
  const retention = { keepMs: YEAR_MS, signal: new AbortController().signal, now: new Date(Date.now() + 2 * YEAR_MS) }
  expect(await forgetOldAudit(auditAttic(fresh.db), { ...retention, slice: 4 })).toBeGreaterThanOrEqual(5)
  await write(fresh, 2)
  const left = await verify(fresh)
  expect(left).toMatchObject({ intact: true, forgottenThrough: expect.any(Number) })
  await using attacker = await attackerOf(fresh.url)
  const rows = await attacker.rows()
  const forgotten = rows.find(({ action }) => action === 'audit.forget')
  const further = { ...JSON.parse(forgotten?.detail ?? '{}'), through: (forgotten?.seq ?? 0) - 1 } as object
  await attacker.rewrite(rows.map((one) => (one === forgotten ? { ...one, detail: JSON.stringify(further) } : one)))
  expect(await verify(fresh)).toMatchObject({ intact: false })
})

test('a log from before there were seals is sealed as it is found, and what is older cannot be changed any more', async () => {
  const keys = sealer({ current: 'k1', keys: new Map([['k1', randomBytes(32)]]) })
  const openKey = auditKeyOpener(keys)
  await using fresh = await testDatabase({ auditKey: openKey })
  await write(fresh, 4)
  const sealed = { ...fresh, keys }
  expect(await verify(sealed)).toMatchObject({ intact: true, records: 4, sealedFrom: null })
  const both = await Promise.all([1, 2].map(() => auditKeyStore(fresh.db).begin(auditKeyMaker(keys))))
  expect(both).toEqual(expect.arrayContaining([4, null]))
  expect(await verify(sealed)).toMatchObject({ intact: true, records: 4, sealedFrom: null })
  await using attacker = await attackerOf(fresh.url)
  const rows = await attacker.rows()
  const changed = rows.map((one) => (one.seq === 2 ? { ...one, actor: 'eve' } : one))
  await attacker.rewrite(changed)
  expect(await verify(sealed)).toMatchObject({ intact: false, found: 'cut' })
  await attacker.rewrite(rows)
  await write(fresh, 2)
  expect(await verify(sealed)).toMatchObject({ intact: true, records: 6, sealedFrom: 5 })
  await attacker.rewrite((await attacker.rows()).map((one) => (one.seq === 2 ? { ...one, actor: 'eve' } : one)))
  expect(await verify(sealed)).toMatchObject({
    intact: false,
    seq: 5,
    found: 'changed',
    why: expect.stringMatching(/before the log was sealed/),
  })
})

test('a backup restored goes on with its keys, and a machine that knows more is told of it by a record that only a key makes', async () => {
  await using fresh = await sealedDatabase()
  const openKey = auditKeyOpener(fresh.keys)
  await using own = await folder()
  await write(fresh, 3)
  const archive = await archived(fresh.url, join(own.path, 'archive'))
  await write(fresh, 2)
  const { head } = await auditStore(fresh.db).tip()
  const witness = { seq: 5, head: head.toString('hex'), sealedAfter: 0 }
  await restored(archive, fresh.url, { replace: true, auditKey: openKey })
  await write(fresh, 1)
  expect(await verify(fresh)).toMatchObject({ intact: true, records: 5 })
  expect(await verifyAuditChain(auditStore(fresh.db), { openKey, witness })).toMatchObject({ intact: true })
  await fresh.sql(`UPDATE audit_log SET action = 'other' WHERE action = 'database.restore'`)
  expect(await verifyAuditChain(auditStore(fresh.db), { openKey, witness })).toMatchObject({
    intact: false,
    found: 'changed',
  })
})

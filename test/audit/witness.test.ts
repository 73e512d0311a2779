import { expect, onTestFinished, test } from 'vitest'
import { WitnessKeeper, type Estranged } from '#/audit/keep-witness.ts'
import { verifyAuditChain } from '#/audit/verify-chain.ts'
import type { Witness } from '#/audit/witness.ts'
import { auditKeyOpener } from '#/keyring.ts'
import { auditAttic, auditStore } from '#/store/audit-store.ts'
import { witnessStore } from '#/store/witness-store.ts'
import { sealedDatabase } from '../support/audit-parts.ts'
import { attackerOf } from './attacker.ts'

/** A sealed log that a machine has followed to its tenth record, and an attacker who put it back to its fifth, from where it was written on. */
async function replacedLog() {
  const owned = new AsyncDisposableStack()
  onTestFinished(() => owned.disposeAsync())
  const fresh = owned.use(await sealedDatabase())
  const attacker = owned.use(await attackerOf(fresh.url))
  const machine = followed(fresh)
  await write(fresh, 5)
  await machine.keeper.look()
  const putBack = await attacker.copy()
  await write(fresh, 5)
  await machine.keeper.look()
  await putBack()
  await write(fresh, 8)
  return { fresh, attacker, ...machine }
}

type Sealed = Awaited<ReturnType<typeof sealedDatabase>>

function followed({ db, keys }: Sealed) {
  let kept: Witness | null = null
  const told: Estranged[] = []
  const keeper = new WitnessKeeper({
    store: witnessStore(db),
    reader: auditStore(db),
    openKey: auditKeyOpener(keys),
    file: { read: () => Promise.resolve(kept), write: (witness) => Promise.resolve(void (kept = witness)) },
    onReplaced: (estranged) => void told.push(estranged),
  })
  return { keeper, told, known: () => kept }
}

async function write(fresh: Sealed, count: number, action = 'test'): Promise<void> {
  for (let n = 0; n < count; n++)
    await fresh.db.write('test', async (tx) => {
      tx.audit({ actor: 'ann', action, targetKind: 'thing', targetId: `${n}`, detail: { n } })
    })
}

const verdict = ({ db, keys }: Sealed, witness: Witness | null) =>
  verifyAuditChain(auditStore(db), { openKey: auditKeyOpener(keys), witness })

test('what goes on is followed, from the log before it was sealed on and over what was forgotten', async () => {
  await using fresh = await sealedDatabase()
  const { keeper, told, known } = followed(fresh)
  await keeper.look()
  expect(known()).toMatchObject({ seq: 0, head: '' })
  await write(fresh, 3)
  await keeper.look()
  expect(known()).toMatchObject({ seq: 3 })
  await write(fresh, 3)
  // Everything that this machine knows is forgotten while it does not look.
  expect(await auditAttic(fresh.db).forget(new Date(Date.now() + 60_000), 5)).toBe(5)
  await keeper.look()
  expect(known()).toMatchObject({ seq: 7 })
  expect(told).toEqual([])
  expect(await verdict(fresh, known())).toMatchObject({ intact: true })
})

test('a log that was put back is told of once, and what is known stays', async () => {
  const { fresh, keeper, told, known } = await replacedLog()
  await keeper.look()
  await write(fresh, 1)
  await keeper.look()
  expect(told.map((one) => [one.known.seq, one.seen.seq])).toEqual([[10, 13]])
  expect(known()).toMatchObject({ seq: 10 })
  expect(await verdict(fresh, known())).toMatchObject({ intact: false, found: 'replaced' })
})

/** What an attacker shows for a moment, while the machine looks. */
const PRETENCES: Readonly<Record<string, (known: Witness | null) => string>> = {
  'a restore':
    () => `INSERT INTO audit_log (seq, at, actor, action, target_kind, target_id, detail, record_hash, head, previous, key_id, seal)
    SELECT 1000, at, actor, 'database.restore', target_kind, target_id, detail, record_hash, head, previous, key_id, seal
    FROM audit_log WHERE seq = 13`,
  'that much was forgotten':
    () => `INSERT INTO audit_log (seq, at, actor, action, target_kind, target_id, detail, record_hash, head, previous, key_id, seal)
    SELECT 1000, at, actor, 'audit.forget', target_kind, target_id,
      json_build_object('through', 11, 'head', encode(head, 'hex'), 'seal', encode(seal, 'hex'), 'key', key_id)::text,
      record_hash, head, previous, key_id, seal FROM audit_log WHERE seq = 11`,
  'the record that is known': (known) => `UPDATE audit_log SET head = '\\x${known?.head ?? ''}' WHERE seq = 10`,
  'a log that begins anew': () => 'UPDATE audit_log SET seal = NULL, key_id = NULL',
}

test.each(Object.entries(PRETENCES))('%s, shown for a moment, moves nothing', async (_, pretence) => {
  const { fresh, attacker, keeper, told, known } = await replacedLog()
  const takeBack = await attacker.copy()
  await attacker.sql(pretence(known()))
  await keeper.look()
  await takeBack()
  await keeper.look()
  expect(told).toHaveLength(1)
  expect(known()).toMatchObject({ seq: 10 })
  expect(await verdict(fresh, known())).toMatchObject({ intact: false, found: 'replaced' })
})

test('a restore that was made with the key is followed', async () => {
  const { fresh, keeper, told, known } = await replacedLog()
  await write(fresh, 1, 'database.restore')
  await write(fresh, 1)
  await keeper.look()
  expect(told).toEqual([])
  expect(known()).toMatchObject({ seq: 15 })
})

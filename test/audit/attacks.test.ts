import { expect, test } from 'vitest'
import { verifyAuditChain } from '#/audit/verify-chain.ts'
import type { Finding } from '#/audit/verdict.ts'
import { auditKeyOpener } from '#/keyring.ts'
import { auditStore } from '#/store/audit-store.ts'
import { openDatabase } from '#/store/database.ts'
import { sealedDatabase, type SealedDatabase } from '../support/audit-parts.ts'
import { quiet } from '../support/quiet.ts'
import { attackerOf, type Attacker, type Row } from './attacker.ts'

async function write(fresh: SealedDatabase, count: number): Promise<void> {
  for (let n = 0; n < count; n++)
    await fresh.db.write('test', async (tx) => {
      tx.audit({ actor: 'ann', action: 'test', targetKind: 'thing', targetId: `${n}`, detail: { n } })
    })
}

const verify = (fresh: SealedDatabase) =>
  verifyAuditChain(auditStore(fresh.db), { openKey: auditKeyOpener(fresh.keys) })

/** What somebody does to seven records who computes all that can be computed without a key. */
interface Attack {
  readonly change: (rows: Row[]) => readonly Row[]
  /** The first record at which it shows; null: at the end. */
  readonly seq: number | null
  readonly found: Finding
  readonly why: RegExp
}

const row = (rows: readonly Row[], seq: number): Row => {
  const found = rows.find((one) => one.seq === seq)
  if (found === undefined) throw new Error(`there is no record ${seq}`)
  return found
}
const swapped = (rows: readonly Row[], a: number, b: number): readonly Row[] =>
  rows
    .map((one) => ({ ...one, seq: one.seq === a ? b : one.seq === b ? a : one.seq }))
    .toSorted((x, y) => x.seq - y.seq)

const ATTACKS: Readonly<Record<string, Attack>> = {
  'a changed actor': {
    change: (rows) => rows.map((one) => (one.seq === 3 ? { ...one, actor: 'eve' } : one)),
    seq: 3,
    found: 'changed',
    why: /was changed/,
  },
  'the newest changed': {
    change: (rows) => rows.map((one) => (one.seq === 7 ? { ...one, detail: '{"n":8}' } : one)),
    seq: 7,
    found: 'changed',
    why: /was changed/,
  },
  'the first changed': {
    change: (rows) => rows.map((one) => (one.seq === 1 ? { ...one, action: 'other' } : one)),
    seq: 1,
    found: 'changed',
    why: /was changed/,
  },
  'one deleted inside': {
    change: (rows) => rows.filter(({ seq }) => seq !== 4),
    seq: 5,
    found: 'deleted',
    why: /records before it were deleted: number 4, and perhaps more after number 3/,
  },
  'one deleted inside, and the next says that it follows the one before': {
    change: (rows) => rows.filter(({ seq }) => seq !== 4).map((one) => (one.seq === 5 ? { ...one, previous: 3 } : one)),
    seq: 5,
    found: 'reordered',
    why: /written under another number/,
  },
  'the beginning deleted': {
    change: (rows) => rows.filter(({ seq }) => seq > 2),
    seq: 3,
    found: 'deleted',
    why: /number 2, and perhaps more/,
  },
  'one deleted, and the others counted anew': {
    change: (rows) =>
      rows
        .filter(({ seq }) => seq !== 4)
        .map((one) => (one.seq > 4 ? { ...one, seq: one.seq - 1, previous: one.previous - 1 } : one)),
    seq: 4,
    found: 'reordered',
    why: /written under another number/,
  },
  'one made up and put between': {
    change: (rows) => {
      const room = rows.map((one) => (one.seq > 3 ? { ...one, seq: one.seq + 1 } : one))
      return [...room, { ...row(rows, 3), seq: 4, actor: 'eve' }].toSorted((a, b) => a.seq - b.seq)
    },
    seq: 4,
    found: 'changed',
    why: /was changed/,
  },
  'one made up at the end': {
    change: (rows) => [...rows, { ...row(rows, 7), seq: 8, previous: 7, actor: 'eve' }],
    seq: 8,
    found: 'inserted',
    why: /not written here by this gateway/,
  },
  'one made up at the end, without a seal': {
    change: (rows) => [...rows, { ...row(rows, 7), seq: 8, previous: 7, key_id: null, seal: null }],
    seq: 8,
    found: 'inserted',
    why: /not written here/,
  },
  'a good one played again at the end': {
    change: (rows) => [...rows, { ...row(rows, 2), seq: 8 }],
    seq: 8,
    found: 'inserted',
    why: /not written here/,
  },
  'two that changed places': {
    change: (rows) => swapped(rows, 3, 5),
    seq: 3,
    found: 'reordered',
    why: /was moved: it was written under another number/,
  },
  'a cut end': {
    change: (rows) => rows.filter(({ seq }) => seq <= 5),
    seq: null,
    found: 'cut',
    why: /the end is not sealed behind number 5/,
  },
  'a cut end of one': {
    change: (rows) => rows.filter(({ seq }) => seq <= 6),
    seq: null,
    found: 'cut',
    why: /the end is not sealed behind number 6/,
  },
  'nothing left': { change: () => [], seq: null, found: 'cut', why: /not sealed behind number 0/ },
  'a seal taken away': {
    change: (rows) => rows.map((one) => (one.seq === 4 ? { ...one, seal: null } : one)),
    seq: 4,
    found: 'unsealed',
    why: /no seal/,
  },
}

test.each(Object.entries(ATTACKS))('%s is found, whatever hashes say', async (_, { change, seq, found, why }) => {
  await using fresh = await sealedDatabase()
  await write(fresh, 7)
  expect(await verify(fresh)).toMatchObject({ intact: true, records: 7, sealedFrom: 1 })
  await using attacker = await attackerOf(fresh.url)
  await attacker.rewrite(change(await attacker.rows()))
  expect(await verify(fresh)).toMatchObject({ intact: false, seq, found, why: expect.stringMatching(why) })
})

test('one put where a number was left free is told from one that was changed', async () => {
  await using fresh = await sealedDatabase()
  await write(fresh, 2)
  await fresh.db.write('test', async (tx) => tx.changed('tool', '0'.repeat(32)))
  await write(fresh, 2)
  await using attacker = await attackerOf(fresh.url)
  const rows = await attacker.rows()
  expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 4, 5])
  await attacker.rewrite([...rows, { ...row(rows, 2), seq: 3, actor: 'eve' }].toSorted((a, b) => a.seq - b.seq))
  expect(await verify(fresh)).toMatchObject({ intact: false, seq: 3, found: 'inserted' })
})

/** Each leaves a log whose records are all good, and goes on from there. */
const CONTINUED: Readonly<Record<string, (attacker: Attacker) => Promise<void>>> = {
  'cut, and written on': async (attacker) =>
    await attacker.rewrite((await attacker.rows()).filter(({ seq }) => seq <= 5)),
  'cut, with any state for the end': async (attacker) => {
    await attacker.rewrite((await attacker.rows()).filter(({ seq }) => seq <= 5))
    await attacker.sql(`UPDATE change_clock SET audit_seal = (SELECT substr(seal, 33) FROM audit_log WHERE seq = 5)`)
  },
  'cut, with no state for the end': async (attacker) => {
    await attacker.rewrite((await attacker.rows()).filter(({ seq }) => seq <= 5))
    await attacker.sql('UPDATE change_clock SET audit_seal = NULL')
  },
}

test.each(Object.entries(CONTINUED))('a log that was %s shows where', async (_, damage) => {
  await using fresh = await sealedDatabase()
  await write(fresh, 7)
  await using attacker = await attackerOf(fresh.url)
  await damage(attacker)
  expect(await verify(fresh)).toMatchObject({ intact: false, found: 'cut', seq: null })
  await write(fresh, 2)
  expect(await verify(fresh)).toMatchObject({ intact: false, found: 'cut', seq: 6, records: 5 })
})

test('a key that is gone, made up, or an old one, is named with the first record that it concerns', async () => {
  await using fresh = await sealedDatabase()
  await write(fresh, 3)
  await using attacker = await attackerOf(fresh.url)
  const back = await attacker.copy()
  await attacker.sql(`UPDATE audit_keys SET sealed = 'v1.k1.' || repeat('A', 80)`)
  expect(await verify(fresh)).toMatchObject({ intact: false, seq: 1, found: 'unknown_key' })
  await attacker.sql('DELETE FROM audit_keys')
  expect(await verify(fresh)).toMatchObject({
    intact: false,
    seq: 1,
    found: 'unknown_key',
    why: expect.stringMatching(/'00000001[0-9a-f]{24}'/),
  })
  // Who has met the key goes on with it; who comes new cannot record anything, so changes nothing.
  const auditKey = auditKeyOpener(fresh.keys)
  await using db = await openDatabase({ url: fresh.url, poolSize: 1, log: quiet, auditKey })
  await expect(write({ ...fresh, db }, 1)).rejects.toMatchObject({ code: 'internal' })
  await back()
  expect(await verify(fresh)).toMatchObject({ intact: true, records: 3 })
})

test('a log whose seals were all taken away has an end without one', async () => {
  await using fresh = await sealedDatabase()
  await write(fresh, 3)
  await using attacker = await attackerOf(fresh.url)
  const rows = await attacker.rows()
  await attacker.rewrite(rows.map((one) => ({ ...one, actor: 'eve', key_id: null, seal: null })))
  expect(await verify(fresh)).toMatchObject({ intact: false, found: 'cut' })
  await attacker.sql('UPDATE change_clock SET audit_seal = NULL, audit_key = NULL')
  const verdict = await verifyAuditChain(auditStore(fresh.db), {
    openKey: auditKeyOpener(fresh.keys),
    witness: { seq: 3, head: rows[2]?.head.toString('hex') ?? '', sealedAfter: 0 },
  })
  expect(verdict).toMatchObject({ intact: false, found: 'replaced', seq: 3 })
})

test('an older state, seals and all, shows by what the machine knows, also when it was written on', async () => {
  await using fresh = await sealedDatabase()
  await write(fresh, 4)
  await using attacker = await attackerOf(fresh.url)
  const back = await attacker.copy()
  await write(fresh, 3)
  const [newest] = (await attacker.rows()).toReversed()
  const witness = { seq: 7, head: newest?.head.toString('hex') ?? '', sealedAfter: 0 }
  const known = () => verifyAuditChain(auditStore(fresh.db), { openKey: auditKeyOpener(fresh.keys), witness })
  expect(await known()).toMatchObject({ intact: true, records: 7 })
  await back()
  // Nothing inside can tell.
  expect(await verify(fresh)).toMatchObject({ intact: true, records: 4 })
  expect(await known()).toMatchObject({
    intact: false,
    found: 'replaced',
    seq: null,
    why: expect.stringMatching(/number 7, and the log ends at number 4/),
  })
  await write(fresh, 5)
  expect(await known()).toMatchObject({ intact: false, found: 'replaced', seq: 7 })
})

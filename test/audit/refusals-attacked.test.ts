import { expect, test } from 'vitest'
import type { SecurityEntry } from '#/audit/security.ts'
import type { Finding } from '#/audit/verdict.ts'
import { verifySecurityLog } from '#/audit/verify-security.ts'
import { UserId } from '#/access/ids.ts'
import { auditKeyOpener } from '#/keyring.ts'
import { auditKeyMaker } from '#/keys/audit-key.ts'
import { auditStore } from '#/store/audit-store.ts'
import { sealedStore } from '#/store/sealed-store.ts'
import { securityKeeper, securitySink, securityStore } from '#/store/security-store.ts'
import { sealedDatabase, type SealedDatabase } from '../support/audit-parts.ts'

const entry = (n: number): SecurityEntry => ({
  at: new Date(1_700_000_000_000 + n),
  lastAt: new Date(1_700_000_009_000 + n),
  kind: 'unauthenticated',
  userId: null,
  network: '192.0.2.1',
  why: `why ${n}`,
  path: '/tools',
  requestId: `r${n}`,
  times: n + 1,
})

async function append({ db, keys }: SealedDatabase, count: number): Promise<void> {
  await securitySink(db, auditKeyOpener(keys)).append(Array.from({ length: count }, (_, n) => entry(n)))
}

const verify = ({ db, keys }: SealedDatabase) =>
  verifySecurityLog(securityStore(db), { audit: auditStore(db), openKey: auditKeyOpener(keys) })

const PUT_BACK = `UPDATE security_head SET n = (SELECT max(n) FROM security_log),
  head = (SELECT head FROM security_log ORDER BY n DESC LIMIT 1)`
/** All heads computed anew, as anybody can. */
const RECHAIN = `
  WITH RECURSIVE chain AS (
    SELECT n, sha256(record_hash || int8send(n)) AS head FROM security_log WHERE n = (SELECT min(n) FROM security_log)
    UNION ALL
    SELECT next.n, sha256(chain.head || next.record_hash || int8send(next.n)) FROM security_log next, chain
      WHERE next.n = (SELECT min(n) FROM security_log WHERE n > chain.n)
  ) UPDATE security_log SET head = chain.head FROM chain WHERE security_log.n = chain.n; ${PUT_BACK}`

const ATTACKS: readonly (readonly [string, string, number | null, Finding])[] = [
  ['deleted inside', `DELETE FROM security_log WHERE n = 3; ${RECHAIN}`, 4, 'deleted'],
  ['deleted at the beginning', `DELETE FROM security_log WHERE n < 3; ${RECHAIN}`, 3, 'deleted'],
  ['cut at the end', `DELETE FROM security_log WHERE n > 3; ${PUT_BACK}`, null, 'cut'],
  [
    'wiped, as if there had never been any',
    `DELETE FROM security_log; UPDATE security_head SET n = 0, head = '', seal = NULL, kept_from = 1, kept_head = ''`,
    null,
    'cut',
  ],
  [
    'moved',
    `UPDATE security_log SET n = -n WHERE n IN (2, 4); UPDATE security_log SET n = 6 + n WHERE n < 0; ${RECHAIN}`,
    2,
    'reordered',
  ],
  [
    'played again at the end',
    `INSERT INTO security_log SELECT 6, at, last_at, kind, user_id, network, why, path, request_id, times, record_hash,
       head, key_id, seal FROM security_log WHERE n = 2; ${RECHAIN}`,
    6,
    'inserted',
  ],
  [
    'deleted and said to be forgotten',
    `UPDATE security_head SET kept_from = 4, kept_head = (SELECT head FROM security_log WHERE n = 3),
       kept_key = (SELECT key_id FROM security_log WHERE n = 3),
       kept_seal = (SELECT seal FROM security_log WHERE n = 3) || substr(sha256('x'), 1, 16);
     DELETE FROM security_log WHERE n <= 3`,
    4,
    'deleted',
  ],
]

test.each(ATTACKS)('%s: it is found before anything was anchored', async (_, damage, seq, found) => {
  await using fresh = await sealedDatabase()
  await append(fresh, 5)
  expect(await verify(fresh)).toEqual({ intact: true, records: 5 })
  await fresh.sql(damage)
  expect(await verify(fresh)).toMatchObject({ intact: false, seq, found })
})

test('rotation, forgetting and writers at once leave it whole, also where the key was renewed before the first entry', async () => {
  await using fresh = await sealedDatabase()
  const { db, keys } = fresh
  const actor = { userId: UserId.mint(), by: 'ann', via: 'api', fromIp: null, userAgent: null } as const
  const rotate = () => sealedStore(db).rotated({ from: 'k1', to: 'k1', resealed: 0 }, actor, auditKeyMaker(keys))
  await rotate()
  expect(await verify(fresh)).toEqual({ intact: true, records: 0 })
  await append(fresh, 2)
  await Promise.all([rotate(), ...Array.from({ length: 8 }, () => append(fresh, 3))])
  expect(await verify(fresh)).toEqual({ intact: true, records: 26 })
  const keeper = securityKeeper(db, auditKeyOpener(keys))
  await keeper.anchor()
  expect(await keeper.forget({ days: 36_500, most: 10 })).toBe(16)
  await append(fresh, 1)
  expect(await verify(fresh)).toEqual({ intact: true, records: 11 })
})

import { expect, test } from 'vitest'
import { TokenId } from '#/access/ids.ts'
import { foreignId } from '#/access/foreign-tokens.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { TokenUses, type TokenRefusals, type TokenUse } from './token-uses.ts'

const [one, two] = [TokenId.mint(), TokenId.mint()]
const NOON = Date.UTC(2026, 0, 15, 12)

function scene() {
  const stored: { uses: readonly TokenUse[]; refused: readonly TokenRefusals[] }[] = []
  const state = { now: NOON, isAway: false }
  const store = async (uses: readonly TokenUse[], refused: readonly TokenRefusals[]): Promise<void> => {
    if (state.isAway) throw new GatewayError('unavailable', 'away')
    stored.push({ uses, refused })
  }
  const uses = new TokenUses({ sink: { store }, everyMs: 60_000, now: () => state.now })
  return { uses, stored, state, [Symbol.asyncDispose]: () => uses[Symbol.asyncDispose]() }
}

test('that a token is used is stored once a minute, and not where the record of a call says so', async () => {
  await using it = scene()
  const { uses, stored, state } = it
  for (let n = 0; n < 5; n++) uses.used(one)
  uses.used(two)
  uses.recorded(two)
  await uses.store()
  state.now += 30_000
  uses.used(one)
  uses.used(two)
  await uses.store()
  expect(stored).toEqual([{ uses: [{ tokenId: one, at: NOON }], refused: [] }])
  state.now += 30_000
  uses.used(one)
  uses.used(two)
  await uses.store()
  const at = NOON + 60_000
  expect(stored[1]?.uses.toSorted((a, b) => (a.tokenId < b.tokenId ? -1 : 1))).toEqual([
    { tokenId: one, at },
    { tokenId: two, at },
  ])
})

test('what was not let through is counted by what it was and by the hour', async () => {
  await using it = scene()
  const { uses, stored, state } = it
  for (const method of ['GET /tools', 'GET /tools', 'POST /mcp']) uses.refused(one, method)
  state.now += 3_600_000
  uses.refused(one, 'GET /tools')
  uses.refused(foreignId('ab'.repeat(32)), 'GET /tools')
  await uses.store()
  expect(stored.flatMap(({ refused }) => refused)).toEqual([
    { tokenId: one, method: 'GET /tools', at: NOON, times: 2 },
    { tokenId: one, method: 'POST /mcp', at: NOON, times: 1 },
    { tokenId: one, method: 'GET /tools', at: NOON + 3_600_000, times: 1 },
  ])
})

test('while the database is away nothing is forgotten, within a bound; an end stores the rest', async () => {
  const { uses, stored, state } = scene()
  state.isAway = true
  for (let n = 0; n < 20_000; n++) {
    uses.refused(one, `GET /${n}`)
    if (n % 5_000 === 0) await uses.store()
  }
  uses.used(two)
  await uses.store()
  uses.refused(one, 'GET /1')
  state.isAway = false
  await uses[Symbol.asyncDispose]()
  const [batch] = stored
  expect([stored.length, batch?.uses, batch?.refused.length]).toEqual([1, [{ tokenId: two, at: NOON }], 10_000])
  expect(batch?.refused.find(({ method }) => method === 'GET /1')?.times).toBe(2)
})

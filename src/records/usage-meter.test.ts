import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { TokenId } from '#/access/ids.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { UsageMeter, type StoredUsage } from './usage-meter.ts'

const id = TokenId.mint()
const NOON = Date.UTC(2026, 0, 15, 12, 30)

function meterOf(stored: () => StoredUsage, now: () => number = () => NOON): UsageMeter {
  return new UsageMeter({ read: async () => stored(), everyMs: 5, now })
}
const counted = (lastN: number, hour: number, day = hour, month = day): StoredUsage => ({
  lastN,
  counts: new Map([[id, { hour, day, month }]]),
})
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30))

function refusal(work: () => void): GatewayError | null {
  try {
    work()
    return null
  } catch (cause) {
    return GatewayError.from(cause)
  }
}

/** Sent for the first time: until it is known how many calls there were, it opens nothing. */
async function first(meter: UsageMeter, tokenId = id): Promise<void> {
  expect(refusal(() => meter.require(tokenId, { hour: 5 }))).toMatchObject({ code: 'unavailable', retryAfter: 2 })
  await meter.worthWaiting(tokenId)
}

test('what is stored and what is recorded here are counted once each', async () => {
  let stored = counted(2, 3)
  using meter = meterOf(() => stored)
  await first(meter)
  meter.recorded(3, id, NOON)
  expect(refusal(() => meter.require(id, { hour: 5 }))).toBeNull()
  meter.recorded(4, id, NOON)
  expect(refusal(() => meter.require(id, { hour: 5 }))?.message).toContain(
    "this token's 5 calls of this hour are used up",
  )
  // Both are stored now, and nobody else called.
  stored = counted(4, 5)
  await settled()
  expect(refusal(() => meter.require(id, { hour: 5 }))?.code).toBe('usage_limit')
  expect(refusal(() => meter.require(id, { hour: 6 }))).toBeNull()
})

test('what is under way counts until it is recorded, and is then counted once', async () => {
  using meter = meterOf(() => counted(0, 3))
  await first(meter)
  expect(refusal(() => meter.require(id, { hour: 4 }))).toBeNull()
  const call = meter.begun(id)
  expect(refusal(() => meter.begun(id))?.code).toBe('usage_limit')
  expect(refusal(() => meter.require(id, { hour: 4 }))?.code).toBe('usage_limit')
  expect(refusal(() => meter.require(id, { hour: 5 }))).toBeNull()
  meter.recorded(1, id, NOON)
  call?.[Symbol.dispose]()
  expect(refusal(() => meter.require(id, { hour: 4 }))?.code).toBe('usage_limit')
  expect(refusal(() => meter.require(id, { hour: 5 }))).toBeNull()
})

test('each span has its own end, and with a new one the calls begin anew', async () => {
  let now = NOON
  using meter = meterOf(
    () => counted(0, 1, 20, 300),
    () => now,
  )
  await first(meter)
  expect(refusal(() => meter.require(id, { hour: 1, day: 99 }))).toMatchObject({ retryAfter: 1_800 })
  expect(refusal(() => meter.require(id, { day: 20 }))).toMatchObject({ retryAfter: 11.5 * 3_600 })
  expect(refusal(() => meter.require(id, { month: 300 }))?.message).toContain('2026-02-01T00:00:00.000Z')
  meter.recorded(1, id, now)
  now += 1_800_000
  expect(refusal(() => meter.require(id, { hour: 1 }))).toBeNull()
})

test('while the database is away what is known goes on to count', async () => {
  let isAway = false
  using meter = meterOf(() => {
    if (isAway) throw new GatewayError('unavailable', 'away')
    return counted(0, 1)
  })
  await first(meter)
  isAway = true
  meter.recorded(1, id, NOON)
  meter.recorded(2, id, NOON)
  await settled()
  expect(refusal(() => meter.require(id, { hour: 3 }))?.code).toBe('usage_limit')
})

test('a token of which nothing was ever read opens nothing while the database is away, and is judged when it is back', async () => {
  let isAway = true
  let reads = 0
  const read = async (): Promise<StoredUsage> => {
    reads++
    if (isAway) throw new GatewayError('unavailable', 'away')
    return counted(0, 5)
  }
  using meter = new UsageMeter({ read, everyMs: 200 })
  await first(meter)
  const before = reads
  for (let n = 0; n < 100; n++) {
    expect(refusal(() => meter.require(id, { hour: 5 }))?.code).toBe('unavailable')
    // Whoever comes often does not have it read as often.
    await meter.worthWaiting(id)
  }
  expect(reads).toBeLessThanOrEqual(before + 3)
  isAway = false
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(refusal(() => meter.require(id, { hour: 5 }))?.code).toBe('usage_limit')
})

test('a token that comes while others are being read is judged by a read of its own', async () => {
  const other = TokenId.mint()
  const begun: (readonly TokenId[])[] = []
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const read = async (tokens: readonly TokenId[]): Promise<StoredUsage> => {
    await gates[begun.push(tokens) - 1]?.promise
    return { lastN: 0, counts: new Map(tokens.map((each) => [each, { hour: 5, day: 5, month: 5 }])) }
  }
  using meter = new UsageMeter({ read, everyMs: 60_000 })
  const one = first(meter)
  const two = first(meter, other)
  gates[0]?.resolve()
  await one
  expect(refusal(() => meter.require(id, { hour: 5 }))?.code).toBe('usage_limit')
  expect(refusal(() => meter.require(other, { hour: 5 }))?.code).toBe('unavailable')
  gates[1]?.resolve()
  await two
  expect(refusal(() => meter.require(other, { hour: 5 }))?.code).toBe('usage_limit')
  expect(begun).toEqual([[id], [id, other]])
})

test('a read that does not end is waited for as long as a request may take', async () => {
  using meter = new UsageMeter({ read: () => new Promise(() => {}), everyMs: 5 })
  const began = performance.now()
  await first(meter)
  expect(performance.now() - began).toBeLessThan(3_000)
  expect(refusal(() => meter.require(id, { hour: 5 }))?.code).toBe('unavailable')
})

test('while the database is away a token that rests is not forgotten with what it did here', async () => {
  let now = NOON
  let isAway = false
  using meter = meterOf(
    () => {
      if (isAway) throw new GatewayError('unavailable', 'away')
      return counted(0, 1)
    },
    () => now,
  )
  await first(meter)
  isAway = true
  meter.recorded(1, id, NOON)
  now += 1_200_000
  await settled()
  expect(refusal(() => meter.require(id, { hour: 3 }))).toBeNull()
  expect(refusal(() => meter.require(id, { hour: 2 }))?.code).toBe('usage_limit')
})

test('nothing is read where no limited token is sent', async () => {
  let reads = 0
  using meter = meterOf(() => {
    reads++
    return counted(0, 0)
  })
  meter.recorded(1, id, NOON)
  await settled()
  await turn()
  expect(reads).toBe(0)
})

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

test('what is stored and what is recorded here are counted once each', async () => {
  let stored = counted(2, 3)
  using meter = meterOf(() => stored)
  meter.require(id, { hour: 5 })
  await settled()
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

test('each span has its own end, and with a new one the calls begin anew', async () => {
  let now = NOON
  using meter = meterOf(
    () => counted(0, 1, 20, 300),
    () => now,
  )
  meter.require(id, {})
  await settled()
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
  meter.require(id, { hour: 3 })
  await settled()
  isAway = true
  meter.recorded(1, id, NOON)
  meter.recorded(2, id, NOON)
  await settled()
  expect(refusal(() => meter.require(id, { hour: 3 }))?.code).toBe('usage_limit')
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

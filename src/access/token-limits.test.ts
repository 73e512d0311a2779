import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GatewayError } from '#/errors/gateway-error.ts'
import { DAYS } from './hours.ts'
import { TokenId } from './ids.ts'
import { gatesFor, NO_LIMITS, wideningOfLimits, type TokenLimits } from './token-limits.ts'

const id = TokenId.mint()
const MONDAY_NOON = Date.parse('2026-07-06T12:00:00Z')

function refusal(work: () => void): string {
  try {
    work()
  } catch (cause) {
    return GatewayError.from(cause).message
  }
  return 'none'
}

const gate = (limits: Partial<TokenLimits>) => gatesFor(() => undefined)({ id }, { ...NO_LIMITS, ...limits })

test('a token is good from its addresses alone; one that says none is nowhere', () => {
  const office = gate({ from: ['192.0.2.0/24'] })
  office.enter({ remoteAddress: '::ffff:192.0.2.9' }, 0)
  expect(refusal(() => office.enter({ remoteAddress: '192.0.3.9' }, 0))).toContain(
    'not good for requests from 192.0.3.9',
  )
  expect(refusal(() => office.enter(undefined, 0))).toContain('an unknown address')
})

test('what goes on is asked for where it began: it ends where the token is not good any more, and only there', () => {
  const began = gate({ from: ['192.0.2.0/24'] }).enter({ remoteAddress: '192.0.2.1' }, 0) ?? undefined
  expect(began).toBe('192.0.2.1')
  expect(refusal(() => gate({ from: ['192.0.2.0/25'] }).stay(began, 0))).toBe('none')
  expect(refusal(() => gate({ from: ['192.0.2.128/25'] }).stay(began, 0))).toContain('not good for requests from')
  expect(gate({ usage: { hour: 1 } }).stay(began, 0)).toBeNull()
})

test('what began with a token that was good from everywhere is told to begin again once it is not', () => {
  const began = gate({ usage: { hour: 1 } }).enter({ remoteAddress: '192.0.2.1' }, 0) ?? undefined
  expect(began).toBeUndefined()
  expect(refusal(() => gate({ from: ['192.0.2.0/24'] }).stay(began, 0))).toContain('begin again')
  expect(refusal(() => gate({ usage: { hour: 1 } }).stay(began, 0))).toBe('none')
})

test('hours end what goes on, too', () => {
  const morning = gate({ hours: { days: DAYS, start: '08:00', end: '12:00', zone: 'UTC' } })
  expect(refusal(() => morning.stay(undefined, MONDAY_NOON - 1))).toBe('none')
  expect(refusal(() => morning.stay(undefined, MONDAY_NOON))).toContain('from 08:00 to 12:00 (UTC) only')
})

const anyRange = fc.constantFrom('10.0.0.0/8', '10.1.0.0/16', '10.1.2.3/32', '::/0', '2001:db8::/32')
const anyHours = fc.record({
  days: fc.subarray([...DAYS], { minLength: 1 }),
  start: fc.constantFrom('00:00', '08:00', '22:00'),
  end: fc.constantFrom('07:30', '12:00', '24:00'),
  zone: fc.constantFrom('UTC', 'Europe/Berlin'),
})
const anyLimits: fc.Arbitrary<TokenLimits> = fc.record({
  from: fc.option(fc.array(anyRange, { minLength: 1, maxLength: 3 })),
  hours: fc.option(anyHours),
  usage: fc.constantFrom(null, { hour: 5 }, { hour: 9, day: 9 }),
})

test('limits that are called no wider let nobody in whom the others would not', () => {
  let compared = 0
  const callers = ['10.1.2.3', '10.1.9.9', '10.9.9.9', '192.0.2.1', '2001:db8::1', '2001:db9::1']
  fc.assert(
    fc.property(
      anyLimits,
      anyLimits,
      fc.constantFrom(...callers),
      fc.integer({ min: 0, max: 335 }),
      (held, wanted, from, half) => {
        fc.pre(wideningOfLimits(held, wanted) === null)
        compared++
        const at = MONDAY_NOON + half * 1_800_000
        const caller = { remoteAddress: from }
        if (refusal(() => gate(wanted).enter(caller, at)) === 'none')
          expect(refusal(() => gate(held).enter(caller, at))).toBe('none')
      },
    ),
    { numRuns: 3_000, maxSkipsPerRun: 1_000 },
  )
  expect(compared).toBeGreaterThan(1_000)
})

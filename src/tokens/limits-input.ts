import type { Static } from 'typebox'
import { Type } from '#/api/type.ts'
import { addressRange } from '#/access/address-ranges.ts'
import { NO_LIMITS, type TokenLimits, type UsageLimits } from '#/access/token-limits.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { hoursIn, Times, timesView } from './time-restrictions.ts'

/** A restriction under a name that is not known would not be enforced. */
const CLOSED = { additionalProperties: false }
const Calls = Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000 }))

const Addresses = Type.Array(Type.String({ maxLength: 64 }), { maxItems: 100 })
const Usage = Type.Object({ requests_per_hour: Calls, requests_per_day: Calls, requests_per_month: Calls }, CLOSED)

/** What a scope says of when a token is good. */
export const LimitsInput = {
  ip_restrictions: Type.Optional(
    Type.Union([Addresses, Type.Null()], {
      description: 'Addresses and CIDR ranges, IPv4 or IPv6, that it is good for',
    }),
  ),
  time_restrictions: Type.Optional(
    Type.Union([Times, Type.Null()], {
      description: 'When it is good: on days, from start_time until end_time (before start_time: of the next day)',
    }),
  ),
  usage_limits: Type.Optional(
    Type.Union([Usage, Type.Null()], {
      description:
        'Calls of tools, prompts and resources, by the calendar in UTC; beyond them every request is answered 429',
    }),
  ),
}
const Input = Type.Object(LimitsInput)

/** What is not said, or said empty, stays as `base` has it. */
export function limitsIn(base: TokenLimits | null, scope: Static<typeof Input> | null | undefined): TokenLimits | null {
  const { ip_restrictions: from, time_restrictions: hours, usage_limits: usage } = scope ?? {}
  const before = base ?? NO_LIMITS
  const limits = {
    from: from == null || from.length === 0 ? before.from : [...new Set(from.map(rangeIn))],
    hours: (hours == null ? null : hoursIn(hours)) ?? before.hours,
    usage: usage == null || Object.keys(usage).length === 0 ? before.usage : { ...before.usage, ...usageIn(usage) },
  }
  return limits.from === null && limits.hours === null && limits.usage === null ? null : limits
}

function rangeIn(text: string, at: number): string {
  const range = addressRange(text)
  if (range !== undefined) return range
  throw invalid(
    `ip_restrictions[${at}]`,
    `'${text}' is neither an IP address nor a range such as 10.0.0.0/8 or 2001:db8::/32`,
  )
}

function usageIn(given: Static<typeof Usage>): UsageLimits {
  const { requests_per_hour: hour, requests_per_day: day, requests_per_month: month } = given
  return {
    ...(hour !== undefined && { hour }),
    ...(day !== undefined && { day }),
    ...(month !== undefined && { month }),
  }
}

function invalid(name: string, why: string): GatewayError {
  return new GatewayError('invalid_field', `scope.${name}: ${why}`, { field: `scope.${name}` })
}

const Count = Type.Optional(Type.Integer())

export const LimitsView = {
  ip_restrictions: Type.Array(Type.String()),
  time_restrictions: Times,
  usage_limits: Type.Object({ requests_per_hour: Count, requests_per_day: Count, requests_per_month: Count }),
}

/** As clients write them. */
export function limitsView(limits: TokenLimits | null): Record<keyof typeof LimitsView, unknown> {
  const { from, hours, usage } = limits ?? NO_LIMITS
  return {
    ip_restrictions: from ?? [],
    time_restrictions: timesView(hours),
    usage_limits: Object.fromEntries(
      Object.entries(usage ?? {}).map(([span, calls]) => [`requests_per_${span}`, calls]),
    ),
  }
}

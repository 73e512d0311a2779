import { Type, type Static } from 'typebox'
import { addressRange } from '#/access/address-ranges.ts'
import { DAYS, isTimeZone, type Day, type Hours } from '#/access/hours.ts'
import { NO_LIMITS, type TokenLimits, type UsageLimits } from '#/access/token-limits.ts'
import { GatewayError } from '#/errors/gateway-error.ts'

/** A restriction under a name that is not known would not be enforced. */
const CLOSED = { additionalProperties: false }
const Time = Type.Optional(Type.String({ maxLength: 5, description: 'HH:MM' }))
const Calls = Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000 }))

const Addresses = Type.Array(Type.String({ maxLength: 64 }), { maxItems: 100 })
const Times = Type.Object(
  {
    days: Type.Optional(
      Type.Array(Type.String({ maxLength: 9 }), { maxItems: 7, description: 'mon … sun; all unless said' }),
    ),
    start_time: Time,
    end_time: Time,
    timezone: Type.Optional(Type.String({ maxLength: 64, description: 'IANA name; UTC unless said' })),
  },
  CLOSED,
)
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
    hours: hours == null || Object.keys(hours).length === 0 ? before.hours : hoursIn(hours),
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

const HH_MM = /^(?:[01]\d|2[0-3]):[0-5]\d$/

function hoursIn({
  days = [],
  start_time: start = '00:00',
  end_time: end = '24:00',
  timezone: zone = 'UTC',
}: Static<typeof Times>): Hours {
  if (!HH_MM.test(start)) throw invalid('time_restrictions.start_time', `'${start}' is no time of day such as 09:00`)
  if (!HH_MM.test(end) && end !== '24:00')
    throw invalid('time_restrictions.end_time', `'${end}' is no time of day such as 17:30 or 24:00`)
  if (start === end)
    throw invalid('time_restrictions.end_time', 'it is the same as start_time: leave both out for whole days')
  if (!isTimeZone(zone))
    throw invalid(
      'time_restrictions.timezone',
      `there is no time zone '${zone}'; they are called like Europe/Berlin or UTC`,
    )
  const named = days.map(dayIn)
  return { days: named.length === 0 ? DAYS : DAYS.filter((day) => named.includes(day)), start, end, zone }
}

const FULL_NAMES = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']

function dayIn(text: string, at: number): Day {
  const lower = text.toLowerCase()
  const day = DAYS.find((each, n) => lower === each || lower === FULL_NAMES[n])
  if (day === undefined)
    throw invalid(`time_restrictions.days[${at}]`, `'${text}' is no day; there are ${DAYS.join(', ')}`)
  return day
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

const Text = Type.Optional(Type.String())
const Count = Type.Optional(Type.Integer())

export const LimitsView = {
  ip_restrictions: Type.Array(Type.String()),
  time_restrictions: Type.Object({
    days: Type.Optional(Type.Array(Type.String())),
    start_time: Text,
    end_time: Text,
    timezone: Text,
  }),
  usage_limits: Type.Object({ requests_per_hour: Count, requests_per_day: Count, requests_per_month: Count }),
}

/** As clients write them. */
export function limitsView(limits: TokenLimits | null): Record<keyof typeof LimitsView, unknown> {
  const { from, hours, usage } = limits ?? NO_LIMITS
  return {
    ip_restrictions: from ?? [],
    time_restrictions:
      hours === null ? {} : { days: hours.days, start_time: hours.start, end_time: hours.end, timezone: hours.zone },
    usage_limits: Object.fromEntries(
      Object.entries(usage ?? {}).map(([span, calls]) => [`requests_per_${span}`, calls]),
    ),
  }
}

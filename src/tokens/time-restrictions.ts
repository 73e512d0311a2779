import type { Static } from 'typebox'
import { Type } from '#/api/type.ts'
import { DAYS, isTimeZone, type Day, type Hours } from '#/access/hours.ts'
import { GatewayError } from '#/errors/gateway-error.ts'

const Time = Type.Optional(Type.String({ maxLength: 5, description: 'HH:MM' }))

/** When a token is good, in either way to say it: from when to when, or by the names that other gateways have for some hours. */
export const Times = Type.Object(
  {
    days: Type.Optional(
      Type.Array(Type.String({ maxLength: 9 }), { maxItems: 7, description: 'mon … sun; all unless said' }),
    ),
    start_time: Time,
    end_time: Time,
    timezone: Type.Optional(Type.String({ maxLength: 64, description: 'IANA name; UTC unless said' })),
    business_hours_only: Type.Optional(
      Type.Boolean({ description: 'From 09:00 to 17:00 by the clocks of timezone, on every day unless days are said' }),
    ),
    weekdays_only: Type.Optional(
      Type.Boolean({ description: 'Monday to Friday by the clocks of timezone, all day unless times are said' }),
    ),
  },
  // A restriction under a name that is not known would not be enforced.
  { additionalProperties: false },
)
export type Times = Static<typeof Times>

/** What business hours are. */
const BUSINESS = { start: '09:00', end: '17:00' }
const WEEKDAYS: readonly Day[] = DAYS.slice(0, 5)

/** null: it restricts nothing. */
export function hoursIn(times: Times): Hours | null {
  if (Object.values(times).every((value) => value === false)) return null
  const { timezone: zone = 'UTC', business_hours_only: isBusiness, weekdays_only: isWeekdays } = times
  if (!isTimeZone(zone))
    throw invalid('timezone', `there is no time zone '${zone}'; they are called like Europe/Berlin or UTC`)
  return {
    days: daysIn(times),
    ...(isBusiness === true ? businessHours(times) : timesIn(times)),
    zone,
    ...((isBusiness ?? isWeekdays) !== undefined && { said: times }),
  }
}

/** As it was said where that was by name, else from when to when. */
export function timesView(hours: Hours | null): Times {
  if (hours === null) return {}
  const { days, start, end, zone, said } = hours
  return said ?? { days: [...days], start_time: start, end_time: end, timezone: zone }
}

function businessHours(times: Times): typeof BUSINESS {
  for (const name of ['start_time', 'end_time'] as const)
    if (times[name] !== undefined)
      throw invalid(
        name,
        `business hours are from ${BUSINESS.start} to ${BUSINESS.end}: for other times leave business_hours_only out`,
      )
  return BUSINESS
}

const HH_MM = /^(?:[01]\d|2[0-3]):[0-5]\d$/

function timesIn({ start_time: start = '00:00', end_time: end = '24:00' }: Times): typeof BUSINESS {
  if (!HH_MM.test(start)) throw invalid('start_time', `'${start}' is no time of day such as 09:00`)
  if (!HH_MM.test(end) && end !== '24:00')
    throw invalid('end_time', `'${end}' is no time of day such as 17:30 or 24:00`)
  if (start === end) throw invalid('end_time', 'it is the same as start_time: leave both out for whole days')
  return { start, end }
}

function daysIn({ days = [], weekdays_only: isWeekdays }: Times): readonly Day[] {
  const named = days.map(dayIn)
  if (isWeekdays !== true) return named.length === 0 ? DAYS : DAYS.filter((day) => named.includes(day))
  if (named.length === 0) return WEEKDAYS
  throw invalid('days', 'weekdays_only says the days, Monday to Friday: for other days leave it out')
}

const FULL_NAMES = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']

function dayIn(text: string, at: number): Day {
  const lower = text.toLowerCase()
  const day = DAYS.find((each, n) => lower === each || lower === FULL_NAMES[n])
  if (day === undefined) throw invalid(`days[${at}]`, `'${text}' is no day; there are ${DAYS.join(', ')}`)
  return day
}

function invalid(name: string, why: string): GatewayError {
  const field = `scope.time_restrictions.${name}`
  return new GatewayError('invalid_field', `${field}: ${why}`, { field })
}

import { GatewayError } from '#/errors/gateway-error.ts'

const AGO = /^(\d{1,6})\s*(m|h|d|w)$/
const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const ISO = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/

/** A time in the past. */
export function sinceOf(given: string, now: number): number {
  const at = timeOf('since', given, now)
  if (at > now) throw invalid('since', 'is still to come: say a time in the past')
  return at
}

/** In ms since the epoch: as ISO 8601 (UTC, unless it says something else), or how long ago. */
export function timeOf(field: string, given: string, now: number): number {
  const text = given.trim()
  const [, count, unit] = AGO.exec(text) ?? []
  const at = count === undefined ? isoMs(text) : now - Number(count) * UNITS[unit as keyof typeof UNITS]
  if (Number.isNaN(at))
    throw invalid(
      field,
      `${JSON.stringify(given.slice(0, 40))} is no time: say one such as 2026-01-31 or 2026-01-31T08:00:00Z, or how long ago, such as 90m, 2h or 7d`,
    )
  return at
}

function isoMs(text: string): number {
  const found = ISO.exec(text)
  if (found === null) return Number.NaN
  const hasTime = text.length > 10
  return Date.parse(hasTime && found[1] === undefined ? `${text.replace(' ', 'T')}Z` : text.replace(' ', 'T'))
}

function invalid(field: string, why: string): GatewayError {
  return new GatewayError('invalid_field', `${field}: ${why}`, { field })
}

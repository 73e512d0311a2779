import { GatewayError } from '#/errors/gateway-error.ts'
import { inRanges, isRangeIn } from './address-ranges.ts'
import { areHoursIn, openAt, type Hours } from './hours.ts'
import type { TokenId } from './ids.ts'

/** The spans of time that calls are counted in, by the calendar in UTC. */
export const USAGE_SPANS = ['hour', 'day', 'month'] as const
export type UsageSpan = (typeof USAGE_SPANS)[number]

/** Calls in a span of time; a span that is not named is not counted. */
export type UsageLimits = Readonly<Partial<Record<UsageSpan, number>>>

/** Under which circumstances a token is good; null: under any. */
export interface TokenLimits {
  /** Ranges of addresses that it may come from. */
  readonly from: readonly string[] | null
  readonly hours: Hours | null
  readonly usage: UsageLimits | null
}

/** The first way in which `wanted` goes further than `held`, or null. */
export function wideningOfLimits(held: TokenLimits | null, wanted: TokenLimits | null): keyof TokenLimits | null {
  if (held === null) return null
  const { from, hours, usage } = wanted ?? NO_LIMITS
  if (held.from !== null && from?.every((range) => isRangeIn(range, held.from ?? [])) !== true) return 'from'
  if (held.hours !== null && (hours === null || !areHoursIn(hours, held.hours))) return 'hours'
  for (const span of USAGE_SPANS) if ((usage?.[span] ?? Infinity) > (held.usage?.[span] ?? Infinity)) return 'usage'
  return null
}

export const NO_LIMITS: TokenLimits = { from: null, hours: null, usage: null }

/** Says no to a token whose calls are used up (throws `usage_limit`), or of which nobody knows how many were (`unavailable`). */
export type RequireUsage = (tokenId: TokenId, limits: UsageLimits) => void

/** Who knows how many calls of a limited token were. */
export interface Usage {
  readonly require: RequireUsage
  /** Resolves when it is worth to ask again about a token of which nobody knew; undefined: it is not, or very many wait for that. */
  readonly worthWaiting: (tokenId: TokenId) => Promise<void> | undefined
}

/** Whoever sends a token: what lives as long as its connection does, and where that comes from. */
export interface Caller {
  readonly remoteAddress?: string | undefined
}

/** What stands between a limited token and everything that it may. Made once for each token. */
export interface Gate {
  /** Throws where the token is not good for this caller now. Answers the address that it depends on; null: on none. */
  enter(caller: Caller | undefined, at: number): string | null
  /** Throws where what was begun from there may not go on. `from`: as it was answered; undefined: it did not matter then. */
  stay(from: string | undefined, at: number): string | null
}

interface Limited {
  readonly id: TokenId
}

/** The gate of each token, made when it is first sent; a changed token is another object. */
export function gatesFor(requireUsage: RequireUsage): (token: Limited, limits: TokenLimits) => Gate {
  const gates = new WeakMap<Limited, Gate>()
  return (token, limits) => {
    let gate = gates.get(token)
    if (gate === undefined) gates.set(token, (gate = gateOf(token.id, limits, requireUsage)))
    return gate
  }
}

function gateOf(tokenId: TokenId, { from, hours, usage }: TokenLimits, requireUsage: RequireUsage): Gate {
  const isFrom = from === null ? null : inRanges(from)
  const isOpen = hours === null ? null : openAt(hours)
  // A connection does not change its address.
  const admitted = new WeakMap<Caller, string>()
  const requireHours = (at: number): void => {
    if (isOpen !== null && hours !== null && !isOpen(at)) throw closed(hours)
  }
  const placeOf = (caller: Caller | undefined): string | null => {
    if (isFrom === null) return null
    const known = caller && admitted.get(caller)
    if (known !== undefined) return known
    const address = caller?.remoteAddress
    if (caller === undefined || address === undefined || !isFrom(address)) throw elsewhere(address)
    admitted.set(caller, address)
    return address
  }
  return {
    stay(from, at) {
      requireHours(at)
      if (isFrom === null) return null
      // The token was good from everywhere then, so nobody has kept from where it came.
      if (from === undefined) throw new GatewayError('forbidden', 'where this token is good was limited: begin again')
      if (!isFrom(from)) throw elsewhere(from)
      return from
    },
    enter(caller, at) {
      const from = placeOf(caller)
      requireHours(at)
      if (usage !== null) requireUsage(tokenId, usage)
      return from
    },
  }
}

function elsewhere(address: string | undefined): GatewayError {
  const where = address ?? 'an unknown address'
  return new GatewayError('forbidden', `this token is not good for requests from ${where}`)
}

function closed({ days, start, end, zone }: Hours): GatewayError {
  return new GatewayError('forbidden', `this token is good ${days.join(', ')} from ${start} to ${end} (${zone}) only`)
}

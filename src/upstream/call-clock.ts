import { GatewayError } from '#/errors/gateway-error.ts'
import type { UpstreamLimits } from './options.ts'

/** How far an answer has come: when its last byte came (0: none has) and what it is. */
export interface AnswerProgress {
  readonly lastByteAt: number
  readonly format: 'json' | 'events' | undefined
}

/** wait: nothing is due for `ms`. Otherwise the deadline that has passed. */
export type Look =
  { readonly kind: 'wait'; readonly ms: number } | { readonly kind: 'stalled' | 'silent' | 'stopped' | 'endless' }

type Limits = Pick<UpstreamLimits, 'firstByteMs' | 'idleMs' | 'stalledMs'>

const OVERDUE = {
  silent: 'no answer',
  stopped: 'the answer stopped half-way; nothing more came',
  endless: 'no end of the answer',
} as const

/** Before anything has come. */
export const NO_ANSWER: AnswerProgress = { lastByteAt: 0, format: undefined }

/** How often a client may use up its time to stall before the call's own time goes on. */
const MOST_PAUSES = 5

/**
 * All deadlines of one call, without a timer: whoever holds it looks now and then. While the client reads nothing the server's
 * time stands still and the client's runs.
 */
export class CallClock {
  readonly startedAt: number
  readonly #limits: Limits
  readonly #endsAt: number
  /** When it got its place, and when its first request went out; 0: not yet. */
  placedAt = 0
  sentAt = 0
  #pausedAt = 0
  #pausedMs = 0

  constructor(startedAt: number, totalMs: number, limits: Limits) {
    this.startedAt = startedAt
    this.#endsAt = startedAt + totalMs
    this.#limits = limits
  }

  /** How long it waited for its place, and how long it has been with the server. */
  times(now: number): { readonly queueMs: number; readonly upstreamMs: number } {
    const placedAt = this.placedAt === 0 ? now : this.placedAt
    return { queueMs: placedAt - this.startedAt, upstreamMs: this.sentAt === 0 ? 0 : now - this.sentAt }
  }

  /** What is said of a call that a deadline has ended. */
  overdue(kind: keyof typeof OVERDUE, now: number): GatewayError {
    return new GatewayError(
      'upstream_timeout',
      `${OVERDUE[kind]} within ${String(Math.round(now - this.startedAt))} ms`,
    )
  }

  pause(now: number): void {
    if (this.#pausedAt === 0) this.#pausedAt = now
  }

  resume(now: number): void {
    if (this.#pausedAt > 0) this.#pausedMs += now - this.#pausedAt
    this.#pausedAt = 0
  }

  look(now: number, answer: AnswerProgress): Look {
    const { idleMs, stalledMs } = this.#limits
    if (this.#pausedAt > 0) {
      const left = this.#pausedAt + stalledMs - now
      return left > 0 ? { kind: 'wait', ms: left } : { kind: 'stalled' }
    }
    // A client that reads in drips does not hold its place without end.
    const totalAt = this.#endsAt + Math.min(this.#pausedMs, MOST_PAUSES * stalledMs)
    const byteAt = this.#nextByteAt(answer)
    // A pause or a format that begins meanwhile has deadlines of its own, so no look is later than those.
    if (now < Math.min(totalAt, byteAt))
      return { kind: 'wait', ms: Math.min(totalAt - now, byteAt - now, idleMs, stalledMs) }
    if (answer.lastByteAt === 0) return { kind: 'silent' }
    return { kind: now < totalAt ? 'stopped' : 'endless' }
  }

  /** When the next byte must have come. An event stream may be silent until the end. */
  #nextByteAt({ lastByteAt, format }: AnswerProgress): number {
    if (lastByteAt === 0) return (this.sentAt === 0 ? this.placedAt : this.sentAt) + this.#limits.firstByteMs
    return format === 'json' ? lastByteAt + this.#limits.idleMs : Infinity
  }
}

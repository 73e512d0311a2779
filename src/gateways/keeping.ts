import { randomInt } from 'node:crypto'
import { pause } from '#/lib/backoff.ts'
import { outage, type Outage } from '#/lib/outage.ts'
import { careFor, type CareDeps } from './care.ts'

export interface KeepingOptions extends CareDeps {
  readonly log: KeepingLog
  /** Milliseconds between two looks for what is due (1 s). */
  readonly everyMs?: number
}

export interface KeepingLog {
  error(fields: Readonly<Record<string, unknown>>, message: string): void
}

/** At a time, per worker. */
const MOST = 8
/** Longer than any care takes: a look of 10 s, a second one, and the writes. */
const CLAIM_MS = 60_000
const CARE_MS = 45_000

/**
 * Looks after gateways for as long as it is not disposed: health, discovery of what is pending, refresh intervals, daily second
 * looks at legacy verdicts. Every worker runs it; a claim that expires decides who looks after which gateway.
 */
export function keepGateways(options: KeepingOptions): AsyncDisposable {
  const stop = new AbortController()
  const done = loop(options, stop.signal)
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await done
    },
  }
}

async function loop(options: KeepingOptions, stop: AbortSignal): Promise<void> {
  const running = new Set<Promise<void>>()
  const claims = outage()
  const everyMs = options.everyMs ?? 1_000
  while (!stop.aborted) {
    const free = MOST - running.size
    if (free > 0) await claim(options, { running, free, claims, stop })
    await pause(everyMs - randomInt(Math.ceil(everyMs / 4)), stop).catch(() => {})
  }
  await Promise.all(running)
}

interface Round {
  readonly running: Set<Promise<void>>
  readonly free: number
  readonly claims: Outage
  readonly stop: AbortSignal
}

async function claim(options: KeepingOptions, { running, free, claims, stop }: Round): Promise<void> {
  try {
    const due = await options.store.claim(options.holder, { count: free, ms: CLAIM_MS })
    claims.worked()
    for (const one of due) {
      const care = careFor(options, one, AbortSignal.any([stop, AbortSignal.timeout(CARE_MS)]))
        .catch((err: unknown) => {
          if (!stop.aborted)
            options.log.error(
              { event: 'gateway.care_failed', gatewayId: one.gateway.id, err },
              'a gateway could not be looked after',
            )
        })
        .finally(() => running.delete(care))
      running.add(care)
    }
  } catch (err) {
    if (claims.failed())
      options.log.error(
        { event: 'gateway.claim_failed', err },
        'what is due cannot be claimed; tried again every second',
      )
  }
}

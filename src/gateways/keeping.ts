import { randomInt } from 'node:crypto'
import type { GatewayId } from '#/access/ids.ts'
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
/** What a worker that died had in its care is another's within ten seconds, the next look included; whoever lives renews in time. */
const CLAIM_MS = 8_000
const RENEW_MS = 3_000
/** Longer than any care takes: a look of 10 s, a second one, and the writes. */
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
  const round: Round = { running: new Set(), claims: outage(), stop, renewedAt: performance.now() }
  const everyMs = options.everyMs ?? 1_000
  while (!stop.aborted) {
    await claim(options, round)
    await pause(everyMs - randomInt(Math.ceil(everyMs / 4)), stop).catch(() => {})
  }
  await Promise.all([...round.running].map(({ done }) => done))
}

interface Round {
  readonly running: Set<{ readonly id: GatewayId; readonly done: Promise<void> }>
  readonly claims: Outage
  readonly stop: AbortSignal
  renewedAt: number
}

/** What takes longer than a few seconds stays ours. */
async function renew({ store, holder }: KeepingOptions, round: Round): Promise<void> {
  if (round.running.size > 0 && performance.now() - round.renewedAt >= RENEW_MS) {
    await store.renew(
      [...round.running].map(({ id }) => id),
      holder,
      CLAIM_MS,
    )
    round.renewedAt = performance.now()
  }
}

async function claim(options: KeepingOptions, round: Round): Promise<void> {
  const { running, claims, stop } = round
  try {
    await renew(options, round)
    const free = MOST - running.size
    if (free === 0) return
    if (running.size === 0) round.renewedAt = performance.now()
    const due = await options.store.claim(options.holder, { count: free, ms: CLAIM_MS })
    claims.worked()
    for (const one of due) {
      const done = careFor(options, one, AbortSignal.any([stop, AbortSignal.timeout(CARE_MS)]))
        .catch((err: unknown) => {
          if (!stop.aborted)
            options.log.error(
              { event: 'gateway.care_failed', gatewayId: one.gateway.id, err },
              'a gateway could not be looked after',
            )
        })
        .finally(() => running.delete(care))
      const care = { id: one.gateway.id, done }
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

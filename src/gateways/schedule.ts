import { backoff } from '#/lib/backoff.ts'

const HEALTHY_SECONDS = 30
const FIRST_RETRY_MS = 2_000
const LAST_RETRY_MS = 60_000

/** Seconds until a gateway is looked after again. Spread, so that what was registered together is not probed together. */
export function nextCheckIn(state: { readonly reachable: boolean; readonly failures: number }): number {
  if (state.reachable) return HEALTHY_SECONDS * (0.8 + 0.4 * Math.random())
  return backoff(state.failures, { firstMs: FIRST_RETRY_MS, maxMs: LAST_RETRY_MS }) / 1000
}

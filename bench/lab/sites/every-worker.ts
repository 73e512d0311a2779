import { setTimeout as sleep } from 'node:timers/promises'

const WITHIN_MS = 60_000
const PAUSE_MS = 200
/** By so many connections in a row, so that each worker of a gateway has been asked. */
const IN_A_ROW = 8

/** Waits until it holds, time after time: a change reaches the workers of a gateway one after the other. */
export async function holdsInARow(
  holds: () => Promise<boolean>,
  { otherwise, signal, times = IN_A_ROW }: { otherwise: string; signal: AbortSignal; times?: number },
): Promise<void> {
  const deadline = performance.now() + WITHIN_MS
  for (let inARow = 0; inARow < times;) {
    if (await holds()) {
      inARow++
      continue
    }
    inARow = 0
    if (performance.now() > deadline) throw new Error(otherwise)
    await sleep(PAUSE_MS, undefined, { signal })
  }
}

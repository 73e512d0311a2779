import { assertNoTransaction } from './held-connection.ts'

export interface BackoffOptions {
  readonly firstMs: number
  readonly maxMs: number
  /** 0: none; 0.5: between half the delay and the whole of it. */
  readonly jitter?: number
  readonly random?: () => number
}

/** The delay before attempt `failures + 1`: doubled each time up to a cap, then shortened by chance so that many do not come back at once. */
export function backoff(failures: number, options: BackoffOptions): number {
  const { firstMs, maxMs, jitter = 0.5, random = Math.random } = options
  const whole = Math.min(maxMs, firstMs * 2 ** Math.min(Math.max(failures - 1, 0), 30))
  return Math.round(whole * (1 - jitter * random()))
}

/** Resolves after `ms`, or rejects with the signal's reason. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  assertNoTransaction('a pause')
  signal?.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const aborted = (): void => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', aborted)
      resolve()
    }, ms)
    signal?.addEventListener('abort', aborted, { once: true })
  })
}

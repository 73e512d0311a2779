import { setTimeout as sleep } from 'node:timers/promises'
import { Caller } from './caller.ts'
import { openSession, requestBytes, type Target } from './target.ts'

/** The process that makes load. Told what to do by its parent; says when its window begins and ends. */
export interface Order {
  readonly target: Target
  readonly concurrency: number
  readonly warmUpMs: number
  /** The warm-up lasts at least until so many calls were answered. */
  readonly warmUpCalls?: number
  readonly windowMs: number
}

export interface Outcome {
  readonly calls: number
  readonly failures: number
  readonly seconds: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
}

export type Report =
  | { readonly kind: 'begin' }
  | { readonly kind: 'end'; readonly outcome: Outcome }
  | { readonly kind: 'failed'; readonly why: string }

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

async function run(order: Order): Promise<void> {
  const session = await openSession(order.target)
  const { bytes, idAt } = requestBytes(order.target, session)
  const at = new URL(order.target.url)
  const waits: number[] = []
  let failures = 0
  let answered = 0
  let counting = false
  const callers = Array.from({ length: order.concurrency }, (_, n) => {
    const request = { bytes, idAt, first: n * 10_000_000 }
    return new Caller(at, request, (ms, ok) => {
      answered++
      if (!ok) failures++
      else if (counting) waits.push(ms)
    })
  })
  await sleep(order.warmUpMs)
  while (answered < (order.warmUpCalls ?? 0) && failures === 0) await sleep(20)
  process.send?.({ kind: 'begin' } satisfies Report)
  counting = true
  const began = performance.now()
  await sleep(order.windowMs)
  const seconds = (performance.now() - began) / 1000
  counting = false
  for (const caller of callers) caller.stop()
  const sorted = Float64Array.from(waits).toSorted() as unknown as number[]
  const outcome: Outcome = {
    calls: waits.length,
    failures,
    seconds,
    p50: percentile(sorted, 0.5),
    p90: percentile(sorted, 0.9),
    p99: percentile(sorted, 0.99),
  }
  process.send?.({ kind: 'end', outcome } satisfies Report)
}

process.on('message', (order: Order) => {
  run(order).catch((error: unknown) => process.send?.({ kind: 'failed', why: String(error) } satisfies Report))
})
process.on('disconnect', () => process.exit())

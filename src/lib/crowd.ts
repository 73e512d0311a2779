import { assertNoTransaction } from './held-connection.ts'
import { patiently } from './patience.ts'

interface Asking<V> {
  readonly answer: Promise<V | undefined>
  readonly resolve: (value: V | undefined) => void
  readonly reject: (cause: unknown) => void
}

export interface CrowdOptions {
  /** Keys that go into one question. */
  readonly most: number
  /** Whether all who wait would meet the same failure: then they are told at once, rather than one question after the other. */
  readonly failsAll?: (cause: unknown) => boolean
  /** Whether one of several keys is to blame: then each is asked by itself, and only that one hears of it. */
  readonly isOfOne?: (cause: unknown) => boolean
}

/**
 * One question for all who ask at the same time: whoever comes while a question is out waits for the next. A question that fails has
 * failed for those in it.
 */
export function crowd<K, V>(
  ask: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>,
  { most, failsAll = () => false, isOfOne = () => false }: CrowdOptions,
): (key: K) => Promise<V | undefined> {
  const waiting = new Map<K, Asking<V>>()
  let isOut = false

  function take(count: number): readonly (readonly [K, Asking<V>])[] {
    const some = [...waiting].slice(0, count)
    for (const [key] of some) waiting.delete(key)
    return some
  }

  async function askAll(): Promise<void> {
    isOut = true
    while (waiting.size > 0) await answerTo(take(most))
    isOut = false
  }

  async function answerTo(some: readonly (readonly [K, Asking<V>])[]): Promise<void> {
    try {
      // Whoever came first has no more to do with it than the others.
      const found = await patiently(() => ask(some.map(([key]) => key)))
      for (const [key, { resolve }] of some) resolve(found.get(key))
    } catch (cause) {
      if (some.length > 1 && isOfOne(cause)) {
        for (const one of some) await answerTo([one])
        return
      }
      const others = failsAll(cause) ? take(waiting.size) : []
      for (const [, { reject }] of [...some, ...others]) reject(cause)
    }
  }

  return (key) => {
    assertNoTransaction('waiting for a shared question')
    const known = waiting.get(key)
    if (known !== undefined) return known.answer
    const { promise: answer, resolve, reject } = Promise.withResolvers<V | undefined>()
    waiting.set(key, { answer, resolve, reject })
    if (!isOut) void askAll()
    return answer
  }
}

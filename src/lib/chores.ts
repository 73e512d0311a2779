export interface ChoresOptions {
  /** Milliseconds between two rounds; the first is a random part of it after the start. */
  readonly everyMs: number
  /** Whether this process does the round, of all that could. */
  readonly mine: () => Promise<boolean>
  readonly chores: readonly ((signal: AbortSignal) => Promise<unknown>)[]
  readonly failed: (cause: unknown) => void
}

/** Rounds of work that nobody waits for. A failed chore waits for the next round. */
export function startChores({ everyMs, mine, chores, failed }: ChoresOptions): AsyncDisposable {
  const stop = new AbortController()
  let round: Promise<void> = Promise.resolve()
  const go = async (): Promise<void> => {
    try {
      if (!(await mine())) return
      for (const chore of chores) if (!stop.signal.aborted) await chore(stop.signal)
    } catch (cause) {
      if (!stop.signal.aborted) failed(cause)
    }
  }
  const next = (ms: number): NodeJS.Timeout =>
    setTimeout(() => {
      round = go()
      timer = next(everyMs)
    }, ms).unref()
  let timer = next(Math.random() * everyMs)
  return {
    async [Symbol.asyncDispose]() {
      clearTimeout(timer)
      stop.abort()
      await round
    },
  }
}

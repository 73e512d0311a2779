/** What a wait comes to, or the signal's reason once that is aborted: for a wait that others share, so that nobody ends it for them. */
export async function untilAborted<T>(waiting: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await waiting
  // Whoever has left does not hear how it ended.
  waiting.catch(() => undefined)
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const left = (): void => reject(signal.reason as Error)
  signal.addEventListener('abort', left, { once: true })
  try {
    return await Promise.race([waiting, promise])
  } finally {
    signal.removeEventListener('abort', left)
  }
}

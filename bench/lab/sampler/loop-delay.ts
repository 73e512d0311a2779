/** Gauges of this and of other gateways, the one that says most first; seconds. */
const GAUGES = ['causeway_event_loop_delay_seconds', 'nodejs_eventloop_lag_p99_seconds', 'nodejs_eventloop_lag_seconds']
const PATIENCE_MS = 3_000

/** How late the event loop of a gateway's slowest worker is, in milliseconds; null: it does not tell. */
export async function loopDelayOf(url: string, token: string, signal: AbortSignal): Promise<number | null> {
  try {
    const answer = await fetch(url, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
    })
    const text = await answer.text()
    return answer.ok ? readLoopDelay(text) : null
  } catch {
    return null
  }
}

/** @param text what Prometheus scrapes */
export function readLoopDelay(text: string): number | null {
  const lines = text.split('\n')
  for (const gauge of GAUGES) {
    const values = lines
      .filter((line) => line.startsWith(`${gauge} `) || line.startsWith(`${gauge}{`))
      .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)))
      .filter((value) => Number.isFinite(value))
    if (values.length > 0) return Math.max(...values) * 1000
  }
  return null
}

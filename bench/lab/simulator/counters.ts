/** What a simulator has seen since its start: `GET /counters`. */
export interface Counters {
  connections: number
  /** Messages by method, notifications among them. */
  readonly requests: Record<string, number>
  /** Requests that wait now, and the most that ever did. */
  inFlight: number
  peakInFlight: number
  answered: number
  /** Requests whose sender went away, or took them back, before the answer. */
  cancelled: number
  /** Answers that were withheld or spoiled as they were asked to be. */
  failed: number
  /** GET streams and subscriptions that are open now. */
  openStreams: number
  sessions: number
}

export const newCounters = (): Counters => ({
  connections: 0,
  requests: Object.create(null) as Record<string, number>,
  inFlight: 0,
  peakInFlight: 0,
  answered: 0,
  cancelled: 0,
  failed: 0,
  openStreams: 0,
  sessions: 0,
})

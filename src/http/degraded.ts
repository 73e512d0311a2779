export interface Behind {
  /** Since the database last confirmed that the snapshot is current, in ms. */
  readonly ageMs: number
  /** What is served was read from disk: this process has not seen the database yet. */
  readonly isSaved: boolean
}

/** Why the database refuses what it is asked. */
export interface Refusing {
  readonly of: 'writes' | 'connections'
  readonly what: string
}

/** The database is asked several times a second: silence for this long means that it is away. */
const SILENCE_MS = 3_000

const CURE = {
  writes: 'calls and lists go on, changes are refused until it can be written',
  connections: 'calls and lists go on, changes are refused where no connection is left for them',
} as const

/** Whether a worker takes requests, and what is wrong, for whoever can mend it. */
export interface Readiness {
  readonly ready: boolean
  /** Empty: nothing is. */
  readonly degraded: readonly string[]
}

export interface Bounds {
  /** An older snapshot opens no door. */
  readonly maxAgeMs: number
  /** It has been told to wind up. */
  readonly isQuiet: boolean
}

/** Of a worker that goes on without its database: it answers from its snapshot until that is so old that no token is trusted. */
export function readinessBy({ ageMs, isSaved }: Behind, trouble: Refusing | null, bounds: Bounds): Readiness {
  const isTrusted = ageMs <= bounds.maxAgeMs
  const ready = isTrusted && !bounds.isQuiet
  if (isTrusted && ageMs < SILENCE_MS && !isSaved)
    return { ready, degraded: trouble === null ? [] : [`${trouble.what}: ${CURE[trouble.of]}`] }
  const why = trouble === null ? '' : ` (${trouble.what})`
  const silence = `the database has not answered for ${Math.round(ageMs / 1000)} s${why}`
  const what = isSaved ? 'the snapshot on disk, with which this start began' : 'the last snapshot'
  const longest = `${Math.round(bounds.maxAgeMs / 1000)} s`
  const means = isTrusted
    ? `calls and lists are served from ${what}, changes are refused`
    : `that is longer than CAUSEWAY_SNAPSHOT_MAX_AGE allows (${longest}), and everything is refused until it does`
  return { ready, degraded: [`${silence}: ${means}`] }
}

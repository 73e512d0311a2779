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

/** What is wrong with a worker that answers all the same, for whoever can mend it; empty: nothing is. */
export function degradedBy({ ageMs, isSaved }: Behind, trouble: Refusing | null): readonly string[] {
  if (ageMs < SILENCE_MS && !isSaved) return trouble === null ? [] : [`${trouble.what}: ${CURE[trouble.of]}`]
  const why = trouble === null ? '' : ` (${trouble.what})`
  const silence = `the database has not answered for ${Math.round(ageMs / 1000)} s${why}`
  const what = isSaved ? 'the snapshot on disk, with which this start began' : 'the last snapshot'
  return [`${silence}: calls and lists are served from ${what}, changes are refused`]
}

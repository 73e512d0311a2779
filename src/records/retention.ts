/** What forgetting needs of storage. Each call deletes at most `slice` rows and answers how many it were. */
export interface RecordAttic {
  forgetRecords(olderThanDays: number, slice: number): Promise<number>
  /** Writers whose last batch came long after anything of theirs could still wait in a file. */
  forgetWriters(olderThanDays: number, slice: number): Promise<number>
}

export interface RetentionOptions {
  readonly recordDays: number
  readonly signal: AbortSignal
  readonly slice?: number
}

const WRITER_DAYS = 90

/** Deletes old usage records in slices, so that no statement is long; sums stay. Answers how many records are gone. */
export async function forgetOldRecords(attic: RecordAttic, options: RetentionOptions): Promise<number> {
  const { recordDays, signal, slice = 5_000 } = options
  let gone = 0
  for (let last = slice; last === slice && !signal.aborted; gone += last)
    last = await attic.forgetRecords(recordDays, slice)
  for (let last = slice; last === slice && !signal.aborted;) last = await attic.forgetWriters(WRITER_DAYS, slice)
  return gone
}

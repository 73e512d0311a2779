import type { DatabaseResult, DatabaseTick, ProcessTick } from './results.ts'

/** Looks at the database of a gateway several times a second, on a connection of its own that is in no count. */
export interface DatabaseWatch extends AsyncDisposable {
  /** Of the looks since this was asked last; null: none of them saw anything. */
  tick(): DatabaseTick | null
  /** The ramp is over: what was seen before is in no sum. */
  begin(): void
  result(): DatabaseResult
}

/** Looks at the processes of a gateway, where they run on this machine. */
export interface ProcessWatch extends AsyncDisposable {
  /** Since this was asked last; null: they are gone. */
  tick(): ProcessTick | null
}

export interface Progress {
  readonly total: number
  readonly processed: number
  readonly created: number
  readonly updated: number
  readonly skipped: number
  readonly failed: number
}

export interface ImportState {
  /** A UUID with dashes. */
  readonly id: string
  readonly status: 'running' | 'completed' | 'failed'
  readonly progress: Progress
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
  /** ISO 8601. */
  readonly startedAt: string
}

/** An import as it is told. */
export interface StoredImport extends ImportState {
  readonly completedAt: string | null
}

export interface ImportStore {
  /** How far it is now: one statement, whether it was told of before or not. */
  report(state: ImportState, by: string): Promise<StoredImport>
  /** Newest first. */
  all(): Promise<readonly StoredImport[]>
  byId(id: string): Promise<StoredImport | undefined>
  /** Forgets ended ones older than so many hours; how many. */
  forget(hours: number): Promise<number>
}

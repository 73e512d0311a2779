/** What one call was about. other: a method without a target of its own, such as a list. */
export type RecordKind = 'tool' | 'prompt' | 'resource' | 'other'

/** What is kept of one call. Times of the parts in ms, `at` in ms since the epoch. Never an argument, a result or a secret. */
export interface UsageRecord {
  readonly at: number
  readonly requestId: string
  readonly userId: string | null
  readonly tokenId: string | null
  readonly method: string
  readonly kind: RecordKind
  readonly targetId: string | null
  readonly gatewayId: string | null
  readonly serverId: string | null
  readonly clientEra: string
  readonly upstreamEra: string | null
  readonly snapshotSeq: number
  /** What access decided by. */
  readonly rule: string
  /** Of the definition that was called, hex. */
  readonly digest: string | null
  readonly attempts: number
  readonly queueMs: number
  readonly upstreamMs: number
  readonly totalMs: number
  readonly requestBytes: number
  readonly responseBytes: number
  /** ok, tool_error, upstream_error (an error of its own), or a code of the error table. */
  readonly outcome: string
  /** The upstream may have carried it out although no answer says so. */
  readonly mayHaveRun: boolean
}

/** Consecutive records of one writer: the first has the number `firstN`, the next one more. An epoch is one life of the writer. */
export interface RecordBatch {
  readonly writer: string
  readonly epoch: string
  readonly firstN: number
  readonly records: readonly UsageRecord[]
}

/** What recording needs of storage. */
export interface RecordSink {
  /**
   * Stores what of the batch is newer than what this writer and epoch stored before: a batch sent twice counts once. Batches of
   * one epoch must come in order. Rejects with `unavailable` when the same batch may succeed later.
   */
  append(batch: RecordBatch): Promise<void>
}

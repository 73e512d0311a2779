/** One call as its record tells of it, with the names that ids have now. Times in ms, sizes in bytes. */
export interface KeptCall {
  readonly requestId: string
  /** When it ended; ISO 8601. */
  readonly at: string
  readonly userId: string | null
  readonly user: string | null
  readonly token: string | null
  readonly method: string
  readonly kind: string
  readonly targetId: string | null
  readonly target: string | null
  readonly gatewayId: string | null
  readonly gateway: string | null
  readonly server: string | null
  readonly clientEra: string
  readonly upstreamEra: string | null
  /** Number of the catalog's state that answered. */
  readonly snapshotSeq: number
  readonly rule: string
  readonly digest: string | null
  readonly attempts: number
  readonly queueMs: number
  readonly upstreamMs: number
  readonly totalMs: number
  readonly requestBytes: number
  readonly responseBytes: number
  readonly outcome: string
  readonly mayHaveRun: boolean
}

export interface CallReader {
  /** Newest first: a client may have used one id for several calls. `userId` null: whosever they are. */
  byRequestId(requestId: string, userId: string | null): Promise<readonly KeptCall[]>
}

import type { UsageRecord } from './usage-record.ts'

/** One call as its record tells of it, with the names that ids have now. */
export interface KeptCall extends Omit<UsageRecord, 'at' | 'kind' | 'tokenId' | 'serverId'> {
  /** When it ended; ISO 8601. */
  readonly at: string
  readonly kind: string
  readonly user: string | null
  readonly token: string | null
  readonly target: string | null
  readonly gateway: string | null
  readonly server: string | null
}

export interface CallReader {
  /** Newest first: a client may have used one id for several calls. `userId` null: whosever they are. */
  byRequestId(requestId: string, userId: string | null): Promise<readonly KeptCall[]>
}

/** One administrative change: who did what to which thing. `detail` is JSON, exactly as it was hashed. */
export interface AuditRecord {
  /** The change clock's number; numbers have gaps where a change of the catalog was no administrative one. */
  readonly seq: number
  readonly at: Date
  readonly actor: string
  readonly action: string
  readonly targetKind: string
  readonly targetId: string
  readonly detail: string
}

/** A record as it is chained. */
export interface ChainedRecord extends AuditRecord {
  /** The hash that was stored with it. */
  readonly recordHash: Buffer
  /** The hash that it has now. */
  readonly hashNow: Buffer
  /** The head of the chain after it. */
  readonly head: Buffer
}

/** What reading and checking the audit log needs of storage. */
export interface AuditReader {
  /** Newest first, older than `before` (null: from the newest). */
  page(before: number | null, limit: number): Promise<readonly AuditRecord[]>
  /** The head that the change clock holds, and the newest record's number, at one moment. */
  tip(): Promise<{ readonly head: Buffer; readonly seq: number | null }>
  /** Oldest first, newer than `after`, up to `last`. */
  chain(after: number, last: number, limit: number): Promise<readonly ChainedRecord[]>
  /** The head after a record with this hash and number; null: as it was when heads did not say numbers. */
  nextHead(previous: Buffer, recordHash: Buffer, seq: number | null): Buffer
}

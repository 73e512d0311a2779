import type { UsageRecord } from '#/records/usage-record.ts'

/** What calls of the same kind have in common: the same for thousands of them. */
export type SharedFields = Omit<UsageRecord, OwnField>
/** What each call has of its own. */
type OwnField = 'at' | 'requestId' | 'queueMs' | 'upstreamMs' | 'totalMs' | 'requestBytes' | 'responseBytes'

/** A batch, column by column: the fields that are shared once for each group, the others once for each record. */
export interface RecordColumns {
  readonly groups: readonly SharedFields[]
  /** Of each record: its group, from 1 on as SQL counts. */
  readonly group: readonly number[]
  /** ms since the epoch of the first record; `at` counts from there. */
  readonly since: number
  readonly at: readonly number[]
  readonly requestId: readonly string[]
  /** Whole microseconds: short to write and to read, and finer than any clock that made them. */
  readonly queue: readonly number[]
  readonly upstream: readonly number[]
  readonly total: readonly number[]
  readonly requestBytes: readonly number[]
  readonly responseBytes: readonly number[]
}

/** So many groups are looked through; a batch that has more has one of them twice. */
const LOOKED_AT = 16

/** Records that follow one another mostly share their group, and a batch mostly has few: looking through them is cheaper than a key. */
export function columnsOf(records: readonly UsageRecord[]): RecordColumns {
  const groups: UsageRecord[] = []
  const since = records[0]?.at ?? 0
  const columns = {
    groups,
    group: [] as number[],
    since,
    at: [] as number[],
    requestId: [] as string[],
    queue: [] as number[],
    upstream: [] as number[],
    total: [] as number[],
    requestBytes: [] as number[],
    responseBytes: [] as number[],
  }
  let latest = 0
  for (const record of records) {
    const known = groups[latest]
    if (known === undefined || !isAlike(known, record)) {
      const from = Math.max(0, groups.length - LOOKED_AT)
      const found = groups.slice(from).findIndex((group) => isAlike(group, record))
      latest = found === -1 ? groups.push(record) - 1 : from + found
    }
    columns.group.push(latest + 1)
    columns.at.push(record.at - since)
    columns.requestId.push(record.requestId)
    columns.queue.push(micros(record.queueMs))
    columns.upstream.push(micros(record.upstreamMs))
    columns.total.push(micros(record.totalMs))
    columns.requestBytes.push(record.requestBytes)
    columns.responseBytes.push(record.responseBytes)
  }
  return columns
}

const micros = (ms: number): number => Math.round(ms * 1000)

/** Written out, so that each comparison is of one known field; the compiler says when one is missing. */
function isAlike(a: SharedFields, b: SharedFields): boolean {
  return (
    a.targetId === b.targetId &&
    a.tokenId === b.tokenId &&
    a.outcome === b.outcome &&
    a.userId === b.userId &&
    a.serverId === b.serverId &&
    a.gatewayId === b.gatewayId &&
    a.method === b.method &&
    a.kind === b.kind &&
    a.clientEra === b.clientEra &&
    a.upstreamEra === b.upstreamEra &&
    a.snapshotSeq === b.snapshotSeq &&
    a.rule === b.rule &&
    a.digest === b.digest &&
    a.attempts === b.attempts &&
    a.mayHaveRun === b.mayHaveRun
  )
}

const MAX_TEXT = 256
const PLAIN = /^[\w.:@/+=-]{1,256}$/

/** Values in PostgreSQL's own form of an array. */
export function arrayText(values: readonly (string | number | boolean | null)[]): string {
  return `{${values.map(elementText).join(',')}}`
}

/** Of numbers alone: nothing of them needs a look. */
export const numbersText = (values: readonly number[]): string => `{${values.join(',')}}`

/** What clients choose may hold what no text column takes. */
function elementText(value: string | number | boolean | null): string | number | boolean {
  if (typeof value !== 'string') return value === null ? 'NULL' : value
  if (PLAIN.test(value) && !/^null$/i.test(value)) return value
  const cleaned = value.slice(0, MAX_TEXT).replaceAll('\0', '').toWellFormed()
  return `"${cleaned.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}

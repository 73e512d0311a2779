import type { ChainedRecord } from './audit.ts'

export const FORMATS = ['jsonl', 'csv'] as const
export type Format = (typeof FORMATS)[number]

export interface Lines {
  readonly type: string
  readonly first: string
  readonly line: (record: ChainedRecord) => string
}

/** Where a cell begins like this, a spreadsheet would compute it. */
const FORMULA = /^[=+\-@\t\r\n]/

const COLUMNS = ['seq', 'at', 'actor', 'action', 'target_kind', 'target_id', 'detail', 'record_hash', 'head'] as const

/** The forms of an export: what it begins with, and a line for each record. */
export const LINES: Readonly<Record<Format, Lines>> = {
  jsonl: { type: 'application/jsonl; charset=utf-8', first: '', line: jsonLine },
  csv: { type: 'text/csv; charset=utf-8', first: csvLine(COLUMNS), line: (record) => csvLine(cells(record)) },
}

/** `detail` stands there as the bytes that were hashed. */
function jsonLine({ seq, at, actor, action, targetKind, targetId, detail, recordHash, head }: ChainedRecord): string {
  const before = JSON.stringify({ seq, at, actor, action, target_kind: targetKind, target_id: targetId })
  const after = JSON.stringify({ record_hash: recordHash.toString('hex'), head: head.toString('hex') })
  return `${before.slice(0, -1)},"detail":${detail},${after.slice(1)}\n`
}

function cells(record: ChainedRecord): readonly string[] {
  const { seq, at, actor, action, targetKind, targetId, detail, recordHash, head } = record
  const hashes = [recordHash.toString('hex'), head.toString('hex')]
  return [String(seq), at.toISOString(), actor, action, targetKind, targetId, detail, ...hashes]
}

/** RFC 4180; what a spreadsheet would take for a formula begins with an apostrophe, by which it takes it for text. */
function csvLine(values: readonly string[]): string {
  const quoted = values.map((value) => {
    const text = FORMULA.test(value) ? `'${value}` : value
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  })
  return `${quoted.join(',')}\r\n`
}

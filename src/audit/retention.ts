import type { AuditAttic } from './audit.ts'

export interface AuditRetention {
  readonly keepMs: number
  readonly signal: AbortSignal
  readonly now?: Date
  readonly slice?: number
}

const DAY_MS = 86_400_000

/** Forgets whole days of the audit log, in slices, so that no transaction is long. Answers how many records are gone. */
export async function forgetOldAudit(
  attic: AuditAttic,
  { keepMs, signal, now = new Date(), slice = 5_000 }: AuditRetention,
): Promise<number> {
  const today = now.getTime() - (now.getTime() % DAY_MS)
  const olderThan = new Date(today - keepMs)
  let gone = 0
  for (let last = slice; last === slice && !signal.aborted; gone += last) last = await attic.forget(olderThan, slice)
  return gone
}

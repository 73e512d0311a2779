import type { Page, Position } from '#/api/paging.ts'

/** Cuts the row that was read only to learn whether another page follows. */
export function cutPage<Row extends Position>(rows: readonly Row[], limit: number | null): Page<Row> {
  if (limit === null || rows.length <= limit) return { rows, next: null }
  const kept = rows.slice(0, limit)
  const last = kept.at(-1)
  return { rows: kept, next: last ? { createdAt: last.createdAt, id: last.id } : null }
}

import type { Page } from '#/catalog/reader.ts'

/** Rows to a statement, so that none runs long. */
export const PAGE_ROWS = 500

/** A full page may have another behind it, which begins after the key of its last row. */
export function pageOf<Row, T>(rows: readonly Row[], keyOf: (row: Row) => string, toThing: (row: Row) => T): Page<T> {
  const last = rows.length === PAGE_ROWS ? rows.at(-1) : undefined
  return { items: rows.map(toThing), next: last === undefined ? null : keyOf(last) }
}

import { sql, type RawBuilder } from 'kysely'
import type { Page, Source } from '#/catalog/reader.ts'

/** Rows to a statement, so that none runs long. */
export const PAGE_ROWS = 500
/** People and their tokens are small and many. */
export const PEOPLE_ROWS = 2_500

/** A full page may have another behind it, which begins after the key of its last row. */
export function pageOf<Row, T>(rows: readonly Row[], keyOf: (row: Row) => string, toThing: (row: Row) => T): Page<T> {
  return cut(rows, { keyOf, toThing, full: PAGE_ROWS })
}

interface Cut<Row, T> {
  readonly keyOf: (row: Row) => string
  readonly toThing: (row: Row) => T
  /** Rows of a page that may have another behind it. */
  readonly full: number
}

function cut<Row, T>(rows: readonly Row[], { keyOf, toThing, full }: Cut<Row, T>): Page<T> {
  const last = rows.length === full ? rows.at(-1) : undefined
  return { items: rows.map(toThing), next: last === undefined ? null : keyOf(last) }
}

/** Which rows are read: all that meet the condition, or the first page of them in this order. */
export interface Asked {
  readonly where: RawBuilder<boolean>
  readonly order: RawBuilder<unknown> | null
}

/** Things of one table, read by their id. */
export interface Table<Row, T> {
  /** The column of the id. */
  readonly id: string
  readonly rows: (asked: Asked) => Promise<readonly Row[]>
  readonly toThing: (row: Row) => T
  /** Rows to a page, as `rows` limits them. */
  readonly full?: number
}

export function sourceOf<Row extends { readonly id: string }, T, Id extends string>({
  id,
  rows,
  toThing,
  full = PAGE_ROWS,
}: Table<Row, T>): Source<T, Id> {
  const column = sql.ref(id)
  return {
    page: async (after) => {
      const found = await rows({ where: sql<boolean>`${column} > ${after ?? ''}`, order: column })
      return cut(found, { keyOf: (row) => row.id, toThing, full })
    },
    byIds: async (ids) => (await rows({ where: sql<boolean>`${column} = ANY(${ids})`, order: null })).map(toThing),
  }
}

import { sql, type RawBuilder } from 'kysely'

/** A timestamp as ISO 8601 in UTC with all its microseconds: a Date would lose three digits, and with them a cursor's place. */
export function iso(column: string): RawBuilder<string> {
  return sql<string>`to_char(${sql.ref(column)} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
}

export function isoOrNull(column: string): RawBuilder<string | null> {
  return sql<string | null>`${iso(column)}`
}

/** The time in so many ms. */
export function inMs(ms: number): RawBuilder<Date> {
  return sql<Date>`now() + ${ms} * interval '1 millisecond'`
}

/** Rows older than a place in a list that runs from new to old. */
export function olderThan(
  table: string,
  { createdAt, id }: { readonly createdAt: string; readonly id: string },
): RawBuilder<boolean> {
  return sql<boolean>`(${sql.ref(`${table}.created_at`)}, ${sql.ref(`${table}.id`)}) < (${createdAt}::timestamptz, ${id})`
}

/** Rows with at least one of these tags. */
export function taggedWith(column: string, tags: readonly string[]): RawBuilder<boolean> {
  return sql<boolean>`EXISTS (SELECT 1 FROM jsonb_array_elements(${sql.ref(column)}) AS t WHERE t ->> 'id' = ANY(${tags}))`
}

/**
 * What `foldCase` makes of a text, made by the database: without a collation named here it would be what the database's own locale takes
 * for lower case. The unique indexes of `sql/0014` and `sql/0019` are written with the same words.
 */
export function folded(text: RawBuilder<unknown>): RawBuilder<string> {
  return sql<string>`lower(${text} COLLATE "C")`
}

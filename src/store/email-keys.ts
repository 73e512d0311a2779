import { sql, type RawBuilder } from 'kysely'

/**
 * What `emailKey` makes of an address, made by the database: without a collation named here it would be what the database's own locale
 * takes for lower case. Addresses are compared in no other way; the unique indexes of `sql/0014` are written with the same words.
 */
export function emailKeyOf(email: RawBuilder<unknown>): RawBuilder<string> {
  return sql<string>`lower(${email} COLLATE "C")`
}

/** Whether a column (`u.email`) holds the address of this user. */
export function hasEmail(column: string, email: string | null): RawBuilder<boolean> {
  return sql<boolean>`${emailKeyOf(sql.ref(column))} = ${emailKeyOf(sql`${email}::text`)}`
}

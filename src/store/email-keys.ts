import { sql, type RawBuilder } from 'kysely'
import { folded } from './columns.ts'

/** What `emailKey` makes of an address, made by the database. Addresses are compared in no other way. */
export function emailKeyOf(email: RawBuilder<unknown>): RawBuilder<string> {
  return folded(email)
}

/** Whether a column (`u.email`) holds the address of this user. */
export function hasEmail(column: string, email: string | null): RawBuilder<boolean> {
  return sql<boolean>`${emailKeyOf(sql.ref(column))} = ${emailKeyOf(sql`${email}::text`)}`
}

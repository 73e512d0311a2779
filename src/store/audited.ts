import { expressionBuilder, sql, type RawBuilder } from 'kysely'
import type { Fields } from './changes-of.ts'
import type { AuditEntry, Schema, WriteTx } from './store.ts'

/** What a record says of one change besides who made it. */
export interface Told extends Pick<AuditEntry, 'action' | 'detail'> {
  readonly id: string
}

/** Writes audit records of changes of one kind of thing. */
export function auditOf(targetKind: string): (tx: WriteTx, actor: { readonly by: string }, told: Told) => void {
  return (tx, { by }, { action, id, detail }) => tx.audit({ actor: by, action, targetKind, targetId: id, detail })
}

/** Whose a thing was and who saw it, as records keep it: with it they can say who could use what before. */
export interface PlaceBefore {
  readonly enabled: boolean
  readonly visibility: string
  readonly teamId: string | null
  readonly ownerId: string | null
}

type Things = 'gateways' | 'tools' | 'prompts' | 'resources' | 'servers'

/** Fields of a record by the names of their columns. */
export type FieldColumns = Readonly<Record<string, string>>

/** Those that a table calls otherwise than records do. */
function fieldsOf(columns: FieldColumns): RawBuilder<Fields> {
  const pairs = Object.entries(columns).map(([name, column]) => sql`${name}::text, ${sql.ref(column)}`)
  return sql<Fields>`json_build_object(${sql.join(pairs)})`
}

/** The row as it is when the statement that changes it gets hold of it: what an UPDATE takes as `from`. */
export function rowBefore(table: Things, id: string, columns: FieldColumns = {}) {
  return expressionBuilder<Schema>()
    .selectFrom(table)
    .select(['id as was_id', 'enabled as was_enabled', 'visibility as was_visibility'])
    .select(['team_id as was_team', 'owner_id as was_owner', fieldsOf(columns).as('was_fields')])
    .where('id', '=', id)
    .forUpdate()
    .as('was')
}

/** The same of what has no place. */
export function fieldsBefore(table: 'teams' | 'roles', id: string, columns: FieldColumns) {
  return expressionBuilder<Schema>()
    .selectFrom(table)
    .select(['id as was_id', fieldsOf(columns).as('was_fields')])
    .where('id', '=', id)
    .forUpdate()
    .as('was')
}

/** What the team is called that a column names. */
export const teamName = (column: string): RawBuilder<string | null> =>
  sql`(SELECT name FROM teams WHERE id = ${sql.ref(column)})`

export const roleName = (column: string): RawBuilder<string> =>
  sql`(SELECT name FROM roles WHERE id = ${sql.ref(column)})`

/** The address of the user that a column names. */
export const emailOf = (column: string): RawBuilder<string | null> =>
  sql`(SELECT email FROM users WHERE id = ${sql.ref(column)})`

/** What such an UPDATE returns. */
export const PLACE_BEFORE = sql<PlaceBefore>`json_build_object('enabled', was_enabled, 'visibility', was_visibility,
  'teamId', was_team, 'ownerId', was_owner)`

/** What a DELETE returns. */
export const PLACE_GONE = sql<PlaceBefore>`json_build_object('enabled', enabled, 'visibility', visibility,
  'teamId', team_id, 'ownerId', owner_id)`

/** What of it is another now; empty where all is as before. */
export function wasOf(before: PlaceBefore, now: Partial<PlaceBefore>): { readonly was: Partial<PlaceBefore> } {
  const names = (Object.keys(now) as (keyof PlaceBefore)[]).filter((name) => before[name] !== now[name])
  return { was: Object.fromEntries(names.map((name) => [name, before[name]])) }
}

/** Of what may be many a record keeps so many, and says when there were more. */
export const MOST_KEPT = 500

export function kept<T>(all: readonly T[] | null): { readonly list: readonly T[]; readonly more: boolean } {
  const list = all ?? []
  return { list: list.slice(0, MOST_KEPT), more: list.length > MOST_KEPT }
}

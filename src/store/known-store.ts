import { sql, type RawBuilder } from 'kysely'
import type { GatewayId } from '#/access/ids.ts'
import type { Known, KnownItem } from '#/gateways/apply-discovery.ts'
import type { TakenNames } from '#/gateways/gateway-store.ts'
import type { Reader } from './store.ts'

export interface KnownAsked {
  readonly id: GatewayId
  /** How names begin that its new items may get. */
  readonly prefix: string
}

interface KnownAndTaken {
  readonly known: Known
  readonly taken: TakenNames
}

/** What is stored of gateways' items, as a diff needs it, and the names below a prefix that are taken: one statement for all who ask. */
export async function readKnown(
  read: Reader,
  asked: readonly KnownAsked[],
): Promise<ReadonlyMap<KnownAsked, KnownAndTaken>> {
  const item = sql`json_build_object('id', id, 'key', original_name, 'digest', encode(digest, 'hex'), 'position', position)`
  const uri = sql`json_build_object('id', id, 'key', uri, 'digest', encode(digest, 'hex'), 'position', position)`
  const list = (table: string, what: typeof item, where = sql``): ReturnType<typeof sql<readonly KnownItem[]>> =>
    sql<
      readonly KnownItem[]
    >`(SELECT coalesce(json_agg(${what}), '[]') FROM ${sql.table(table)} WHERE gateway_id = a.id ${where})`
  const rows = await read
    .selectFrom(
      sql<{ n: number }>`json_to_recordset(${numbered(asked)}::json)`.as(sql`a (n int, id text, prefix text)`),
    )
    .select([
      'a.n',
      list('tools', item).as('tools'),
      list('prompts', item).as('prompts'),
      list('resources', uri, sql`AND NOT is_template`).as('resources'),
      list('resources', uri, sql`AND is_template`).as('templates'),
      ...takenColumns(sql`a.prefix`),
    ])
    .execute()
  return new Map(
    rows.map(({ n, tools, prompts, resources, templates, ...names }) => [
      asked[n] as KnownAsked,
      { known: { tools, prompts, resources, templates }, taken: takenOf(names) },
    ]),
  )
}

const numbered = (asked: readonly KnownAsked[]): string =>
  JSON.stringify(asked.map(({ id, prefix }, n) => ({ n, id, prefix })))

/** The names below a prefix that are in use. */
export async function readTaken(read: Reader, prefix: string): Promise<TakenNames> {
  const row = await read.selectNoFrom(takenColumns(sql`${prefix}::text`)).executeTakeFirstOrThrow()
  return takenOf(row)
}

/** The names below a prefix that are in use, as columns for `takenOf`. */
export function takenColumns(prefix: RawBuilder<unknown>) {
  return [namesBelow('tools', prefix).as('tool_names'), namesBelow('prompts', prefix).as('prompt_names')] as const
}

/** Names are ASCII and ordered by byte, so a prefix is a range of the unique index; `~` sorts after every letter they hold. */
function namesBelow(
  table: 'tools' | 'prompts',
  prefix: RawBuilder<unknown>,
): ReturnType<typeof sql<readonly string[]>> {
  return sql<readonly string[]>`(SELECT coalesce(json_agg(name), '[]') FROM ${sql.table(table)}
    WHERE name >= ${prefix} AND name < ${prefix} || '~')`
}

export function takenOf(row: {
  readonly tool_names: readonly string[]
  readonly prompt_names: readonly string[]
}): TakenNames {
  return { tools: new Set(row.tool_names), prompts: new Set(row.prompt_names) }
}

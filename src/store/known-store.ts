import { sql, type RawBuilder } from 'kysely'
import type { GatewayId } from '#/access/ids.ts'
import type { Known, KnownItem } from '#/gateways/apply-discovery.ts'
import type { NamesAsked, TakenNames } from '#/gateways/gateway-store.ts'
import { coveredBy, type PlaceColumns } from './covered-by.ts'
import type { Reader } from './store.ts'

export interface KnownAsked extends NamesAsked {
  readonly id: GatewayId
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
      sql<{ n: number }>`json_to_recordset(${numbered(asked)}::json)`.as(
        sql`a (n int, id text, prefix text, visibility text, team text, owner text)`,
      ),
    )
    .select([
      'a.n',
      list('tools', item).as('tools'),
      list('prompts', item).as('prompts'),
      list('resources', uri, sql`AND NOT is_template`).as('resources'),
      list('resources', uri, sql`AND is_template`).as('templates'),
      ...takenColumns({ prefix: sql`a.prefix`, place: ASKED }),
    ])
    .execute()
  return new Map(
    rows.map(({ n, tools, prompts, resources, templates, ...names }) => [
      asked[n] as KnownAsked,
      { known: { tools, prompts, resources, templates }, taken: takenOf(names) },
    ]),
  )
}

const ASKED: PlaceColumns = { visibility: sql`a.visibility`, team: sql`a.team`, owner: sql`a.owner` }

const numbered = (asked: readonly KnownAsked[]): string =>
  JSON.stringify(
    asked.map(({ id, prefix, place: { visibility, teamId, ownerId } }, n) => ({
      n,
      id,
      prefix,
      visibility,
      team: teamId,
      owner: ownerId,
    })),
  )

interface TakenAsked {
  readonly prefix: RawBuilder<unknown>
  readonly place: PlaceColumns
}

/** The names below a prefix that are in use among what everybody sees who sees such a place, as columns for `takenOf`. */
export function takenColumns(asked: TakenAsked) {
  return [namesBelow('tools', asked).as('tool_names'), namesBelow('prompts', asked).as('prompt_names')] as const
}

/** Names are ASCII and ordered by byte, so a prefix is a range of the index; `~` sorts after every letter they hold. */
function namesBelow(
  table: 'tools' | 'prompts',
  { prefix, place }: TakenAsked,
): ReturnType<typeof sql<readonly string[]>> {
  return sql<readonly string[]>`(SELECT coalesce(json_agg(i.name), '[]')
     FROM ${sql.table(table)} AS i LEFT JOIN gateways AS ig ON ig.id = i.gateway_id
    WHERE i.name >= ${prefix} AND i.name < ${prefix} || '~' AND ${bornFor(place)})`
}

/** An item `i` is seen where it and its gateway `ig` are. */
const bornFor = (place: PlaceColumns): RawBuilder<boolean> =>
  sql<boolean>`(${coveredBy('i', place)} AND (i.gateway_id IS NULL OR ${coveredBy('ig', place)}))`

export function takenOf(row: {
  readonly tool_names: readonly string[]
  readonly prompt_names: readonly string[]
}): TakenNames {
  return { tools: new Set(row.tool_names), prompts: new Set(row.prompt_names) }
}

interface Doubled {
  readonly id: string
  /** What its operator calls it. */
  readonly key: string
  readonly name: string
}

/** Of what a gateway offers, what goes by a name that something else has which everybody sees who sees the place. */
export async function readDoubled(
  read: Reader,
  id: GatewayId,
  place: PlaceColumns,
): Promise<{ readonly tools: readonly Doubled[]; readonly prompts: readonly Doubled[] }> {
  const list = (table: 'tools' | 'prompts') => sql<readonly Doubled[]>`(
    SELECT coalesce(json_agg(json_build_object('id', own.id, 'key', own.custom_name, 'name', own.name)), '[]')
      FROM ${sql.table(table)} AS own WHERE own.gateway_id = ${id} AND EXISTS (
        SELECT 1 FROM ${sql.table(table)} AS i LEFT JOIN gateways AS ig ON ig.id = i.gateway_id
         WHERE i.name = own.name AND i.gateway_id IS DISTINCT FROM ${id} AND ${bornFor(place)}))`
  return await read.selectNoFrom([list('tools').as('tools'), list('prompts').as('prompts')]).executeTakeFirstOrThrow()
}

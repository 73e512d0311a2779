import { sql } from 'kysely'
import type { TokenUsage } from '#/tokens/token-usage.ts'
import type { StoredEpochs } from '#/records/left-behind.ts'
import type { SpanStarts, StoredUsage } from '#/records/usage-meter.ts'
import type { Database } from './store.ts'

const SOURCE = 'token-usage'

/** What a worker's meter reads, with how far this writer's own records are in it. */
export function storedUsage(
  db: Database,
  { writer, epoch }: { readonly writer: string; readonly epoch: string },
): (tokens: readonly string[], since: SpanStarts) => Promise<StoredUsage> {
  const read = db.read(SOURCE)
  return async (tokens, { hour, day, month }) => {
    const start = (ms: number) => sql`to_timestamp(${ms}::float8 / 1000)`
    const counts = sql<readonly (readonly [string, number, number, number])[]>`(
      SELECT coalesce(json_agg(json_build_array(token_id, hours, days, months)), '[]') FROM (
        SELECT token_id, coalesce(sum(calls) FILTER (WHERE hour >= ${start(hour)}), 0) AS hours,
          coalesce(sum(calls) FILTER (WHERE hour >= ${start(day)}), 0) AS days, sum(calls) AS months
        FROM token_usage WHERE token_id = ANY(${tokens}) AND hour >= ${start(month)} GROUP BY token_id) AS s)`
    const last = sql<number | null>`(SELECT last_n FROM record_writers WHERE writer = ${writer} AND epoch = ${epoch})`
    const row = await read.selectNoFrom([last.as('last_n'), counts.as('counts')]).executeTakeFirstOrThrow()
    const byToken = row.counts.map(([id, ...of]) => [id, { hour: of[0], day: of[1], month: of[2] }] as const)
    return { lastN: row.last_n ?? 0, counts: new Map(byToken) }
  }
}

/** How far the records of some lives of writers are stored. */
export function storedEpochs(db: Database): StoredEpochs {
  const read = db.read(SOURCE)
  return async (epochs) => {
    const rows = await read
      .selectFrom('record_writers')
      .select(['epoch', 'last_n'])
      .where('epoch', 'in', [...epochs])
      .execute()
    return new Map(rows.map(({ epoch, last_n: lastN }) => [epoch, lastN]))
  }
}

/** What was done with a token in the last days. */
export async function tokenUsage(db: Database, tokenId: string, days: number): Promise<TokenUsage> {
  const rows = await db
    .read(SOURCE)
    .selectFrom('token_usage')
    .select(({ fn }) => [
      'method',
      fn.sum<string>('calls').as('calls'),
      fn.sum<string>('failures').as('failures'),
      fn.sum<string>('blocked').as('blocked'),
      fn.sum<string>('total_ms').as('total_ms'),
    ])
    .where('token_id', '=', tokenId)
    .where(sql<boolean>`hour > now() - make_interval(days => ${days}::int)`)
    .groupBy('method')
    .orderBy('calls', 'desc')
    .orderBy('method')
    .execute()
  return rows.map(({ method, calls, failures, blocked, total_ms: totalMs }) => ({
    method,
    calls: Number(calls),
    failures: Number(failures),
    blocked: Number(blocked),
    totalMs: Number(totalMs),
  }))
}

/** Longer than anything that is asked of it: the longest span of a limit is a month. */
const KEPT_DAYS = 400

export async function forgetTokenUsage(db: Database): Promise<void> {
  await db.statement(
    SOURCE,
    () => sql`DELETE FROM token_usage WHERE hour < now() - make_interval(days => ${KEPT_DAYS}::int)`,
  )
}

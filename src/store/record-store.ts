import { sql, type RawBuilder } from 'kysely'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { RecordBatch, RecordSink, UsageRecord } from '#/records/usage-record.ts'
import type { Database, StatementResult } from './store.ts'

const SOURCE = 'records'

/** Usage records in the database: each batch one statement, whatever was sent before. */
export function recordSink(database: Database): RecordSink {
  const run = <Row>(raw: RawBuilder<Row>): Promise<StatementResult<Row>> => database.statement(SOURCE, () => raw)
  return {
    async append(batch) {
      const statement = appendStatement(batch)
      if ((await run(statement)).rows[0]?.known === 1) return
      // The first batch of an epoch.
      await run(
        sql`INSERT INTO record_writers (writer, epoch) VALUES (${batch.writer}, ${batch.epoch}) ON CONFLICT DO NOTHING`,
      )
      if ((await run(statement)).rows[0]?.known !== 1)
        throw new GatewayError('internal', 'a writer of records vanished')
    },
  }
}

/**
 * Locks the writer's row, stores what is newer than its last number, adds it to the sums, and advances the number. Who sends the
 * same batch at the same time waits for the lock and then sees the advanced number, because the row is read again after the
 * wait. Everything after `writer` depends on it, so that the lock comes first. Sums are taken in one order by everyone.
 */
function appendStatement({ writer, epoch, firstN, records }: RecordBatch): RawBuilder<{ readonly known: number }> {
  const lastN = firstN + records.length - 1
  return sql<{ known: number }>`
    WITH writer AS MATERIALIZED (
      SELECT last_n FROM record_writers WHERE writer = ${writer} AND epoch = ${epoch} FOR UPDATE
    ), fresh AS MATERIALIZED (
      SELECT r.* FROM writer, unnest(${columnsOf(records)}) WITH ORDINALITY AS r (${NAMES}, ordinality)
      WHERE r.ordinality + ${firstN - 1}::bigint > writer.last_n
    ), moved AS (
      UPDATE record_writers SET last_n = greatest(writer.last_n, ${lastN}::bigint), updated_at = now() FROM writer
      WHERE record_writers.writer = ${writer} AND record_writers.epoch = ${epoch}
    ), stored AS (${INSERT_RECORDS}), summed AS (${ADD_TO_TOTALS}), ${MARK_TOKENS}
    SELECT count(*)::int AS known FROM writer`
}

/** Sent column by column, as arrays: the database reads those several times faster than JSON objects. */
const COLUMNS = {
  at: 'double precision',
  requestId: 'text',
  userId: 'text',
  tokenId: 'text',
  method: 'text',
  kind: 'text',
  targetId: 'text',
  gatewayId: 'text',
  serverId: 'text',
  clientEra: 'text',
  upstreamEra: 'text',
  snapshotSeq: 'bigint',
  rule: 'text',
  digest: 'text',
  attempts: 'smallint',
  queueMs: 'real',
  upstreamMs: 'real',
  totalMs: 'real',
  requestBytes: 'bigint',
  responseBytes: 'bigint',
  outcome: 'text',
  mayHaveRun: 'boolean',
} as const satisfies Record<keyof UsageRecord, string>

const COLUMN_NAMES = Object.keys(COLUMNS) as (keyof UsageRecord)[]
const NAMES = sql.raw(COLUMN_NAMES.map((name) => `"${name}"`).join(', '))

const INSERT_RECORDS = sql.raw(`
  INSERT INTO usage_records (at, request_id, user_id, token_id, method, kind, target_id, gateway_id, server_id, client_era,
    upstream_era, snapshot_seq, rule, digest, attempts, queue_ms, upstream_ms, total_ms, request_bytes, response_bytes,
    outcome, may_have_run)
  SELECT to_timestamp("at" / 1000), "requestId", "userId", "tokenId", "method", "kind", "targetId", "gatewayId", "serverId",
    "clientEra", "upstreamEra", "snapshotSeq", "rule", "digest", "attempts", "queueMs", "upstreamMs", "totalMs",
    "requestBytes", "responseBytes", "outcome", "mayHaveRun"
  FROM fresh ORDER BY ordinality`)

/**
 * A call counts for what it called, for the gateway that served it, and for the virtual server it came through. Summed first, so
 * that only the few groups are spread over the three.
 */
const ADD_TO_TOTALS = sql.raw(`
  INSERT INTO usage_totals (kind, target_id, gateway_id, calls, failures, total_ms, min_ms, max_ms, last_at)
  SELECT t.kind, t.id, max(t.gateway_id), sum(calls), sum(failures), sum(ms), min(least), max(most), to_timestamp(max(last) / 1000)
  FROM (
    SELECT "kind", "targetId", "gatewayId", "serverId", count(*) AS calls, count(*) FILTER (WHERE "outcome" <> 'ok') AS failures,
      sum("totalMs"::float8) AS ms, min("totalMs") AS least, max("totalMs") AS most, max("at") AS last
    FROM fresh GROUP BY 1, 2, 3, 4
  ) AS g, LATERAL (VALUES ("kind", "targetId", "gatewayId"), ('gateway', "gatewayId", "gatewayId"),
    ('server', "serverId", NULL)) AS t (kind, id, gateway_id)
  WHERE t.id IS NOT NULL
  GROUP BY t.kind, t.id ORDER BY t.kind, t.id
  ON CONFLICT (kind, target_id) DO UPDATE SET
    gateway_id = coalesce(excluded.gateway_id, usage_totals.gateway_id),
    calls = usage_totals.calls + excluded.calls,
    failures = usage_totals.failures + excluded.failures,
    total_ms = usage_totals.total_ms + excluded.total_ms,
    min_ms = least(usage_totals.min_ms, excluded.min_ms),
    max_ms = greatest(usage_totals.max_ms, excluded.max_ms),
    last_at = greatest(usage_totals.last_at, excluded.last_at)`)

/** When a token was last used, to the minute. A row that somebody else holds is left for the next batch: nobody waits. */
const MARK_TOKENS = sql.raw(`
  used AS (SELECT "tokenId" AS id, to_timestamp(max("at") / 1000) AS at FROM fresh WHERE "tokenId" IS NOT NULL GROUP BY 1),
  due AS (SELECT tokens.id FROM tokens JOIN used USING (id)
    WHERE tokens.last_used_at IS NULL OR tokens.last_used_at < used.at - interval '1 minute'
    FOR NO KEY UPDATE OF tokens SKIP LOCKED),
  marked AS (UPDATE tokens SET last_used_at = used.at FROM used JOIN due USING (id) WHERE tokens.id = used.id)`)

const MAX_TEXT = 256

function columnsOf(records: RecordBatch['records']): RawBuilder<unknown> {
  return sql.join(COLUMN_NAMES.map((name) => sql`${arrayOf(records, name)}::${sql.raw(COLUMNS[name])}[]`))
}

/** What clients choose, and so may hold what no text column takes. */
const CHOSEN: ReadonlySet<keyof UsageRecord> = new Set(['method', 'requestId'])

/** One column in PostgreSQL's own form of an array. Texts that are not chosen by clients hold nothing to escape. */
function arrayOf(records: RecordBatch['records'], name: keyof UsageRecord): string {
  const isChosen = CHOSEN.has(name)
  let array = '{'
  for (const record of records) {
    const value = record[name]
    if (array.length > 1) array += ','
    if (value === null) array += 'NULL'
    else if (typeof value !== 'string') array += String(value)
    else array += isChosen ? quoted(fits(value) ? value : cleaned(value)) : `"${value}"`
  }
  return `${array}}`
}

function quoted(text: string): string {
  return /["\\]/.test(text) ? `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"` : `"${text}"`
}

function fits(text: string): boolean {
  return text.length <= MAX_TEXT && !text.includes('\0') && text.isWellFormed()
}

function cleaned(text: string): string {
  return text.slice(0, MAX_TEXT).replaceAll('\0', '').toWellFormed()
}

import { sql, type RawBuilder } from 'kysely'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { RecordBatch, RecordSink } from '#/records/usage-record.ts'
import { arrayText, columnsOf, numbersText, type RecordColumns, type SharedFields } from './record-columns.ts'
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
  const columns = columnsOf(records)
  return sql<{ known: number }>`
    WITH writer AS MATERIALIZED (
      SELECT last_n FROM record_writers WHERE writer = ${writer} AND epoch = ${epoch} FOR UPDATE
    ), groups AS MATERIALIZED (
      SELECT * FROM unnest(${groupArrays(columns)}) WITH ORDINALITY AS g (${GROUP_NAMES}, "group")
    ), fresh AS MATERIALIZED (
      SELECT "group", to_timestamp((${columns.since}::float8 + "at") / 1000) AS at, "requestId",
        "queue" / 1000.0::float8 AS queue, "upstream" / 1000.0::float8 AS upstream, "total" / 1000.0::float8 AS total,
        "requestBytes", "responseBytes", ordinality
      FROM writer, unnest(${recordArrays(columns)}) WITH ORDINALITY AS r (${OWN_NAMES}, ordinality)
      WHERE r.ordinality + ${firstN - 1}::bigint > writer.last_n
    ), moved AS (
      UPDATE record_writers SET last_n = greatest(writer.last_n, ${lastN}::bigint), updated_at = now() FROM writer
      WHERE record_writers.writer = ${writer} AND record_writers.epoch = ${epoch}
    ), stored AS (${INSERT_RECORDS}), sums AS MATERIALIZED (${SUMS}), summed AS (${ADD_TO_TOTALS}), tallied AS (${TALLY_TOKENS}),
    ${MARK_TOKENS}
    SELECT count(*)::int AS known FROM writer`
}

/** Sent column by column, as arrays: the database reads those several times faster than JSON objects. */
const GROUP_COLUMNS = {
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
  outcome: 'text',
  mayHaveRun: 'boolean',
} as const satisfies Record<keyof SharedFields, string>

const OWN_COLUMNS = {
  group: 'int',
  at: 'float8',
  queue: 'bigint',
  upstream: 'bigint',
  total: 'bigint',
  requestBytes: 'bigint',
  responseBytes: 'bigint',
} as const

const keysOf = <K extends string>(columns: Readonly<Record<K, string>>): readonly K[] => Object.keys(columns) as K[]
const namesOf = (names: readonly string[]): RawBuilder<unknown> => sql.raw(names.map((name) => `"${name}"`).join(', '))

const GROUP_NAMES = namesOf(keysOf(GROUP_COLUMNS))
const OWN_NAMES = namesOf(['requestId', ...keysOf(OWN_COLUMNS)])

function groupArrays({ groups }: RecordColumns): RawBuilder<unknown> {
  const array = (name: keyof SharedFields) =>
    sql`${arrayText(groups.map((group) => group[name]))}::${sql.raw(GROUP_COLUMNS[name])}[]`
  return sql.join(keysOf(GROUP_COLUMNS).map(array))
}

function recordArrays(columns: RecordColumns): RawBuilder<unknown> {
  const array = (name: keyof typeof OWN_COLUMNS) => sql`${numbersText(columns[name])}::${sql.raw(OWN_COLUMNS[name])}[]`
  return sql.join([sql`${arrayText(columns.requestId)}::text[]`, ...keysOf(OWN_COLUMNS).map(array)])
}

const INSERT_RECORDS = sql.raw(`
  INSERT INTO usage_records (at, request_id, user_id, token_id, method, kind, target_id, gateway_id, server_id, client_era,
    upstream_era, snapshot_seq, rule, digest, attempts, queue_ms, upstream_ms, total_ms, request_bytes, response_bytes,
    outcome, may_have_run)
  SELECT at, "requestId", "userId", "tokenId", "method", "kind", "targetId", "gatewayId", "serverId", "clientEra",
    "upstreamEra", "snapshotSeq", "rule", "digest", "attempts", queue, upstream, total, "requestBytes", "responseBytes",
    "outcome", "mayHaveRun"
  FROM fresh JOIN groups USING ("group") ORDER BY ordinality`)

const SUMS = sql.raw(`
  SELECT g.*, s.* FROM (
    SELECT "group" AS n, count(*) AS calls, sum(total) AS ms, min(total) AS least, max(total) AS most, max(at) AS last
    FROM fresh GROUP BY 1
  ) AS s JOIN groups AS g ON g."group" = s.n`)

/** A call counts for what it called, for the gateway that served it, and for the virtual server it came through. */
const ADD_TO_TOTALS = sql.raw(`
  INSERT INTO usage_totals (kind, target_id, gateway_id, calls, failures, total_ms, min_ms, max_ms, last_at)
  SELECT t.kind, t.id, max(t.gateway_id), sum(calls), sum(CASE WHEN "outcome" = 'ok' THEN 0 ELSE calls END), sum(ms),
    min(least), max(most), max(last)
  FROM sums, LATERAL (VALUES ("kind", "targetId", "gatewayId"), ('gateway', "gatewayId", "gatewayId"),
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

/** What each token was used for, by the hour in which a batch of its calls ended. */
const TALLY_TOKENS = sql.raw(`
  INSERT INTO token_usage AS t (token_id, hour, method, calls, failures, blocked, total_ms)
  SELECT "tokenId", date_trunc('hour', last, 'UTC'), "method", sum(calls),
    sum(CASE WHEN "outcome" = 'ok' THEN 0 ELSE calls END),
    sum(CASE WHEN "outcome" IN ('forbidden', 'not_found', 'unauthenticated') THEN calls ELSE 0 END), sum(ms)
  FROM sums WHERE "tokenId" IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
  ON CONFLICT (token_id, hour, method) DO UPDATE SET calls = t.calls + excluded.calls,
    failures = t.failures + excluded.failures, blocked = t.blocked + excluded.blocked,
    total_ms = t.total_ms + excluded.total_ms`)

/** When a token was last used, to the minute. A row that somebody else holds is left for the next batch: nobody waits. */
const MARK_TOKENS = sql.raw(`
  used AS (SELECT "tokenId" AS id, max(last) AS at FROM sums WHERE "tokenId" IS NOT NULL GROUP BY 1),
  due AS (SELECT tokens.id FROM tokens JOIN used USING (id)
    WHERE tokens.last_used_at IS NULL OR tokens.last_used_at < used.at - interval '1 minute'
    FOR NO KEY UPDATE OF tokens SKIP LOCKED),
  marked AS (UPDATE tokens SET last_used_at = used.at FROM used JOIN due USING (id) WHERE tokens.id = used.id)`)

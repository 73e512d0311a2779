import { sql } from 'kysely'
import type { RecentCalls } from '#/records/totals.ts'
import type { Database } from './store.ts'

/** The calls of the last seconds, per thing that was called and per gateway, from the records themselves. */
export function recentCalls(db: Database): (seconds: number, limit: number) => Promise<readonly RecentCalls[]> {
  const read = db.read('metrics')
  return async (seconds, limit) =>
    await read
      .selectFrom(
        sql<RecentCalls>`(
        SELECT kind, target_id AS id, gateway_id AS "gatewayId", coalesce(
            CASE kind WHEN 'gateway' THEN (SELECT name FROM gateways WHERE id = target_id)
              WHEN 'tool' THEN (SELECT name FROM tools WHERE id = target_id)
              WHEN 'prompt' THEN (SELECT name FROM prompts WHERE id = target_id)
              WHEN 'resource' THEN (SELECT uri FROM resources WHERE id = target_id) END, NULL) AS name,
          calls, failures, p50, p99, most
        FROM (
          SELECT t.kind, t.target_id, max(r.gateway_id) AS gateway_id, count(*) AS calls,
            count(*) FILTER (WHERE outcome <> 'ok') AS failures,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY total_ms) AS p50,
            percentile_cont(0.99) WITHIN GROUP (ORDER BY total_ms) AS p99,
            max(total_ms)::float8 AS most
          FROM usage_records AS r,
            LATERAL (VALUES (r.kind, r.target_id), ('gateway', r.gateway_id)) AS t (kind, target_id)
          WHERE at >= clock_timestamp() - make_interval(secs => ${seconds}) AND t.target_id IS NOT NULL
          GROUP BY t.kind, t.target_id
        ) AS one
        ORDER BY calls DESC, target_id LIMIT ${limit})`.as('recent'),
      )
      .selectAll()
      .execute()
}

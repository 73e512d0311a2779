import { sql } from 'kysely'
import type { CallReader, KeptCall } from '#/records/kept-call.ts'
import type { Database } from './store.ts'

const MOST = 20

/** Single calls in PostgreSQL, with the names that their ids have now. */
export function callStore(db: Database): CallReader {
  const read = db.read('metrics')
  return {
    byRequestId: async (requestId, userId) =>
      await read
        .selectFrom(
          sql<KeptCall>`(
          SELECT r.request_id AS "requestId",
            to_char(r.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at,
            r.user_id AS "userId", (SELECT email FROM users AS u WHERE u.id = r.user_id) AS user,
            (SELECT name FROM tokens AS t WHERE t.id = r.token_id) AS token,
            r.method, r.kind, r.target_id AS "targetId",
            CASE r.kind WHEN 'tool' THEN (SELECT name FROM tools AS x WHERE x.id = r.target_id)
              WHEN 'prompt' THEN (SELECT name FROM prompts AS x WHERE x.id = r.target_id)
              WHEN 'resource' THEN (SELECT uri FROM resources AS x WHERE x.id = r.target_id) END AS target,
            r.gateway_id AS "gatewayId", (SELECT name FROM gateways AS g WHERE g.id = r.gateway_id) AS gateway,
            (SELECT name FROM servers AS s WHERE s.id = r.server_id) AS server,
            r.client_era AS "clientEra", r.upstream_era AS "upstreamEra", r.snapshot_seq AS "snapshotSeq",
            r.rule, r.digest, r.attempts, r.queue_ms::float8 AS "queueMs", r.upstream_ms::float8 AS "upstreamMs",
            r.total_ms::float8 AS "totalMs", r.request_bytes AS "requestBytes", r.response_bytes AS "responseBytes",
            r.outcome, r.may_have_run AS "mayHaveRun"
          FROM usage_records AS r
          WHERE r.request_id = ${requestId} AND (${userId}::text IS NULL OR r.user_id = ${userId})
          ORDER BY r.at DESC LIMIT ${MOST})`.as('kept'),
        )
        .selectAll()
        .execute(),
  }
}

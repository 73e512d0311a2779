import { sql, type RawBuilder } from 'kysely'
import type { GatewayId } from '#/access/ids.ts'
import type { Due, GatewayCare, Noted } from '#/gateways/care.ts'
import { gatewayOf, gatewayQuery, type GatewayRow } from './gateway-rows.ts'
import type { Database, Reader } from './store.ts'

const SOURCE = 'gateway-care'

/** Claims and observations of gateways. Only a flip of reachable is news to the catalog and worth a transaction. */
export function gatewayCareStore(db: Database): GatewayCare {
  return {
    claim: async (holder, claim) => {
      const { rows } = await db.statement<GatewayRow & { readonly refresh_due: boolean }>(SOURCE, (builder) => {
        const claimed = builder.with('claimed', () => claiming(holder, claim)) as unknown as Reader
        return gatewayQuery(claimed)
          .where(sql<boolean>`g.id IN (SELECT gateway_id FROM claimed)`)
          .select(refreshDue().as('refresh_due'))
      })
      return rows.map((row): Due => ({ gateway: gatewayOf(row), refreshDue: row.refresh_due }))
    },
    renew: async (ids, holder, ms) => {
      await db.statement(
        SOURCE,
        () => sql`
          UPDATE gateway_states SET claim_expires_at = now() + make_interval(secs => ${ms / 1000})
           WHERE gateway_id = ANY(${ids}) AND claimed_by = ${holder}`,
      )
    },
    soon: async (id) => {
      await db.statement(
        SOURCE,
        () => sql`UPDATE gateway_states SET next_check_at = now() WHERE gateway_id = ${id} AND next_check_at > now()`,
      )
    },
    note: async (id, holder, noted) => {
      if (!noted.flipped) {
        const { count } = await db.statement(SOURCE, () => noting(id, holder, noted))
        return count === 0 ? undefined : { seq: null }
      }
      const { value, seq } = await db.write(SOURCE, async (tx) => {
        const { rows } = await noting(id, holder, noted).execute(tx.sql)
        if (rows.length > 0) tx.changed('gateway', id)
        return rows.length > 0
      })
      return value ? { seq } : undefined
    },
  }
}

/** Which are due is decided where their rows are locked, so two workers never claim one. */
function claiming(
  holder: string,
  { count, ms }: { readonly count: number; readonly ms: number },
): RawBuilder<{ gateway_id: string }> {
  return sql<{ gateway_id: string }>`
    (UPDATE gateway_states AS c
       SET claimed_by = ${holder}, claimed_at = now(), claim_expires_at = now() + make_interval(secs => ${ms / 1000})
     WHERE c.gateway_id IN (
       SELECT d.gateway_id FROM gateway_states AS d JOIN gateways AS e ON e.id = d.gateway_id
        WHERE e.enabled AND d.next_check_at <= now() AND (d.claim_expires_at IS NULL OR d.claim_expires_at <= now())
        ORDER BY d.next_check_at LIMIT ${count} FOR UPDATE OF d SKIP LOCKED)
    RETURNING c.gateway_id)`
}

/** The interval that the operator set has passed, or a legacy verdict is a day old: servers learn. */
function refreshDue(): RawBuilder<boolean> {
  return sql<boolean>`(
    coalesce(s.last_refresh_at + make_interval(secs => g.refresh_interval_seconds) <= now(), false)
    OR (s.era = 'legacy' AND coalesce(s.era_at <= now() - interval '1 day', true)))`
}

function noting(id: GatewayId, holder: string, noted: Noted): RawBuilder<{ gateway_id: string }> {
  const { reachable, error, nextCheckIn } = noted
  return sql<{ gateway_id: string }>`
    UPDATE gateway_states
       SET reachable = ${reachable}, last_error = ${error?.slice(0, 2000) ?? null},
           last_seen = CASE WHEN ${reachable} THEN now() ELSE last_seen END,
           registration_attempts = CASE WHEN ${reachable} THEN 0 ELSE registration_attempts + 1 END,
           next_check_at = now() + make_interval(secs => ${nextCheckIn}),
           claimed_by = NULL, claimed_at = NULL, claim_expires_at = NULL
     WHERE gateway_id = ${id} AND claimed_by = ${holder}
    RETURNING gateway_id`
}

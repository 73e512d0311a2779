import { sql } from 'kysely'
import type { Declaration } from '#/gateways/gateway.ts'
import type { Observation } from '#/gateways/gateway-store.ts'

/** The columns of gateway_states that a look at the upstream decides. */
// eslint-disable-next-line typescript/explicit-function-return-type
export function observed(observation: Observation, nextCheckIn: number) {
  const next = sql<Date>`now() + make_interval(secs => ${nextCheckIn})`
  if (observation.kind === 'unreachable')
    return { reachable: false, last_error: observation.error.slice(0, 2000), next_check_at: next }
  const { era, revision, transport, evidence, stateful, capabilities, serverInfo, instructions } = observation.discovery
  const now = sql<Date>`now()`
  const unclaimed = { claimed_by: null, claimed_at: null, claim_expires_at: null }
  return {
    status: 'active',
    reachable: true,
    last_error: null,
    last_seen: now,
    last_refresh_at: now,
    next_check_at: next,
    era,
    revision,
    transport,
    era_evidence: evidence,
    era_at: now,
    stateful,
    capabilities,
    instructions,
    server_info: serverInfo,
    ...unclaimed,
  }
}

/** The columns of gateways that somebody declares. */
// eslint-disable-next-line typescript/explicit-function-return-type
export function columnsOf(declaration: Declaration) {
  const { name, slug, url, stdio, description, transport, credential, teamId, visibility } = declaration
  return {
    name,
    slug,
    url,
    description,
    transport,
    credential,
    team_id: teamId,
    visibility,
    tags: JSON.stringify(declaration.tags),
    passthrough_headers: JSON.stringify(declaration.passthroughHeaders),
    auth_type: declaration.authType,
    auth_hint: declaration.authHint === null ? null : JSON.stringify(declaration.authHint),
    command: stdio?.command ?? null,
    args: JSON.stringify(stdio?.args ?? []),
    env: stdio?.env ?? null,
    env_names: JSON.stringify(stdio?.envNames ?? []),
    cwd: stdio?.cwd ?? null,
    sharing: stdio?.sharing ?? null,
    ca_certificate: declaration.caCertificate,
    client_cert: declaration.clientCert,
    client_key: declaration.clientKey,
    http_version: declaration.httpVersion,
    refresh_interval_seconds: declaration.refreshIntervalSeconds,
    timeout_ms: declaration.timeoutMs,
  }
}

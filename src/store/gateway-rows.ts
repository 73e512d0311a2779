import { sql, type RawBuilder } from 'kysely'
import type { GatewayId, TeamId, UserId } from '#/access/ids.ts'
import type { Provenance } from '#/api/provenance.ts'
import type { Tag } from '#/api/tags.ts'
import type { AuthHint, AuthType } from '#/api/credential.ts'
import type { Gateway, GatewayState } from '#/gateways/gateway.ts'
import type { Era, Revision } from '#/mcp/revision.ts'
import type { Sharing } from '#/stdio/launch.ts'
import { iso, isoOrNull } from './columns.ts'
import type { Reader } from './store.ts'

const countOf = (table: 'tools' | 'prompts' | 'resources'): RawBuilder<number> =>
  sql<number>`(SELECT count(*) FROM ${sql.table(table)} AS i WHERE i.gateway_id = g.id)`

/** How much a gateway offers, by kind. */
export type Counts = Readonly<Record<'tools' | 'prompts' | 'resources', RawBuilder<number>>>

const COUNTED: Counts = { tools: countOf('tools'), prompts: countOf('prompts'), resources: countOf('resources') }

/** Gateways with what is observed of them, whose they are and how much they offer: one statement. */
// eslint-disable-next-line typescript/explicit-function-return-type
export function gatewayQuery(read: Pick<Reader, 'selectFrom'>, counts = COUNTED) {
  return read
    .selectFrom('gateways as g')
    .innerJoin('gateway_states as s', 's.gateway_id', 'g.id')
    .leftJoin('users as u', 'u.id', 'g.owner_id')
    .select(['g.id', 'g.name', 'g.slug', 'g.url', 'g.description', 'g.transport', 'g.enabled', 'g.owner_id'])
    .select(['g.team_id', 'g.visibility', 'g.tags', 'g.passthrough_headers', 'g.auth_type', 'g.auth_hint'])
    .select([
      'g.credential',
      'g.ca_certificate',
      'g.client_cert',
      'g.client_key',
      'g.http_version',
      'g.refresh_interval_seconds',
      'g.timeout_ms',
      'g.version',
    ])
    .select([
      'g.command',
      'g.args',
      'g.env',
      'g.env_names',
      'g.cwd',
      'g.sharing',
      'g.created',
      'g.modified',
      'u.email',
      's.status',
      's.reachable',
      's.last_error',
    ])
    .select(['s.registration_attempts', 's.claimed_by', 's.era', 's.revision', 's.era_evidence'])
    .select(['s.capabilities', 's.server_info', 's.instructions', 's.transport as found_transport'])
    .select([
      iso('g.created_at').as('created_at'),
      iso('g.updated_at').as('updated_at'),
      iso('s.next_check_at').as('next_check_at'),
      isoOrNull('s.last_seen').as('last_seen'),
      isoOrNull('s.last_refresh_at').as('last_refresh_at'),
      isoOrNull('s.claimed_at').as('claimed_at'),
      isoOrNull('s.claim_expires_at').as('claim_expires_at'),
      isoOrNull('s.era_at').as('era_at'),
      counts.tools.as('tools'),
      counts.prompts.as('prompts'),
      counts.resources.as('resources'),
    ])
}

export type GatewayRow = Awaited<ReturnType<ReturnType<typeof gatewayQuery>['execute']>>[number]

/** A row as the noun knows it. Casts are where the database's texts become our types. */
export function gatewayOf(row: GatewayRow): Gateway {
  return {
    id: row.id as GatewayId,
    name: row.name,
    slug: row.slug,
    url: row.url,
    stdio: stdioOf(row),
    description: row.description,
    transport: row.transport as Gateway['transport'],
    enabled: row.enabled,
    ownerId: row.owner_id as UserId | null,
    ownerEmail: row.email,
    teamId: row.team_id as TeamId | null,
    visibility: row.visibility,
    tags: row.tags as readonly Tag[],
    passthroughHeaders: row.passthrough_headers as readonly string[],
    authType: row.auth_type as AuthType | null,
    authHint: row.auth_hint as AuthHint | null,
    credential: row.credential,
    caCertificate: row.ca_certificate,
    clientCert: row.client_cert,
    clientKey: row.client_key,
    httpVersion: row.http_version as Gateway['httpVersion'],
    refreshIntervalSeconds: row.refresh_interval_seconds,
    timeoutMs: row.timeout_ms,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    created: row.created as Partial<Provenance>,
    modified: row.modified as Partial<Provenance>,
    state: stateOf(row),
    counts: { tools: row.tools, prompts: row.prompts, resources: row.resources },
  }
}

function stdioOf(row: GatewayRow): Gateway['stdio'] {
  if (row.command === null) return null
  return {
    command: row.command,
    args: row.args as readonly string[],
    env: row.env,
    envNames: row.env_names as readonly string[],
    cwd: row.cwd,
    sharing: row.sharing as Sharing,
  }
}

function stateOf(row: GatewayRow): GatewayState {
  return {
    status: row.status as GatewayState['status'],
    reachable: row.reachable,
    lastError: row.last_error,
    lastSeen: row.last_seen,
    registrationAttempts: row.registration_attempts,
    nextCheckAt: row.next_check_at,
    lastRefreshAt: row.last_refresh_at,
    claimedBy: row.claimed_by,
    claimedAt: row.claimed_at,
    claimExpiresAt: row.claim_expires_at,
    era: row.era as Era | null,
    revision: row.revision as Revision | null,
    transport: row.found_transport as GatewayState['transport'],
    eraEvidence: row.era_evidence,
    eraAt: row.era_at,
    capabilities: row.capabilities,
    serverInfo: row.server_info,
    instructions: row.instructions,
  }
}

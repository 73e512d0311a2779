import type { RotatingSealer } from '#/access/rotating-sealer.ts'
import type { Foresee } from '#/api/dry-run.ts'
import type { Edge } from '#/api/edge.ts'
import type { Endpoint } from '#/api/endpoint.ts'
import type { EventStreams } from '#/api/event-streams.ts'
import type { AuditDeps } from '#/audit/audit.ts'
import type { Calls } from '#/calls/call.ts'
import { restCalls } from '#/calls/for-rest.ts'
import { effectsOf } from '#/catalog/effects.ts'
import type { OpenCatalog } from '#/catalog/keeper.ts'
import type { Snapshot } from '#/catalog/snapshot.ts'
import type { WatchedCatalog } from '#/catalog/watch.ts'
import type { Discoverer } from '#/gateways/discovery.ts'
import type { GatewayLogs } from '#/gateways/gateway-logs.ts'
import { restEndpoints } from '#/http/rest-endpoints.ts'
import type { SearchDeps } from '#/http/rest-search.ts'
import type { SystemDeps } from '#/http/rest-system.ts'
import type { ResourceServer } from '#/http/rest-well-known.ts'
import type { RingKeeper } from '#/keys/keys.ts'
import { patience } from '#/lib/patience.ts'
import { activity } from '#/store/activity.ts'
import { auditStore } from '#/store/audit-store.ts'
import { callStore } from '#/store/call-store.ts'
import { declaredStore } from '#/store/declared-store.ts'
import { gatewayStore } from '#/store/gateway-store.ts'
import { importStore } from '#/store/import-store.ts'
import { clockNow } from '#/store/change-feed.ts'
import { canaryStore } from '#/store/key-store.ts'
import { promptStore } from '#/store/prompt-store.ts'
import { rehearsal, rehearsed } from '#/store/rehearsal.ts'
import { resourceStore } from '#/store/resource-store.ts'
import { roleRehearsal } from '#/store/role-rehearsal.ts'
import { roleStore } from '#/store/role-store.ts'
import { rootStore } from '#/store/root-store.ts'
import { sealedStore } from '#/store/sealed-store.ts'
import { taggedIds } from '#/store/search-store.ts'
import { securityStore } from '#/store/security-store.ts'
import { serverStore } from '#/store/server-store.ts'
import { serverVersion } from '#/store/server-version.ts'
import type { Database } from '#/store/store.ts'
import { tagStore } from '#/store/tag-store.ts'
import { teamEntryStore } from '#/store/team-entry-store.ts'
import { teamStore } from '#/store/team-store.ts'
import { tokenStore } from '#/store/token-store.ts'
import { tokenUsage } from '#/store/token-usage-store.ts'
import { toolStore } from '#/store/tool-store.ts'
import type { TeamLimits } from '#/teams/entry.ts'
import type { ToolDeps } from '#/tools/tool.ts'
import { totalsStore } from '#/store/totals-store.ts'
import { signInEvents } from '#/store/sign-in-events.ts'
import { signInStore } from '#/store/sign-in-store.ts'
import { identityStore } from '#/store/identity-store.ts'
import { ssoStore } from '#/store/sso-store.ts'
import { userRehearsal } from '#/store/user-rehearsal.ts'
import { userStore } from '#/store/users-store.ts'
import type { SignInDeps } from '#/users/session.ts'
import type { SsoDeps } from '#/users/sso.ts'
import type { PeopleDeps } from '#/users/user.ts'
import { auditKeyOpener } from './keyring.ts'

export interface RouteParts {
  readonly db: Database
  readonly catalog: OpenCatalog
  readonly keys: RotatingSealer
  readonly ring: RingKeeper
  readonly calls: Calls
  readonly discoverer: Discoverer
  readonly addresses: ToolDeps['addresses']
  readonly logs: GatewayLogs
  /** Aborted when this process is about to end. */
  readonly ending: AbortSignal
  /** The metrics of all workers, Prometheus text. */
  readonly prometheus: () => Promise<string>
  readonly version: string
  readonly edge: Edge
  readonly limits: TeamLimits
  readonly publicUrl: string | null
  readonly streams: EventStreams
  readonly watched: WatchedCatalog
  readonly resourceServer: ResourceServer
  readonly signIn: Pick<SignInDeps, 'places' | 'failed' | 'times' | 'registration' | 'foreignEnd'>
  readonly sso: Omit<SsoDeps, 'store' | 'signIn'> | null
  /** What this machine knows of the audit log. */
  readonly witness: AuditDeps['witness']
  readonly posture: SystemDeps['posture']
  readonly searchPlace: SearchDeps['place']
}

/** Every REST route over the parts of this worker. */
export function routesOf({
  db,
  catalog,
  keys,
  ring,
  calls,
  discoverer,
  addresses,
  logs,
  ending,
  prometheus,
  version,
  edge,
  limits,
  publicUrl,
  streams,
  watched,
  signIn,
  sso,
  resourceServer,
  witness,
  posture,
  searchPlace,
}: RouteParts): readonly Endpoint[] {
  const settled = settledIn(catalog)
  const fresh = freshIn(db, catalog)
  const after = { foresee: foreseeIn(fresh), settled }
  const known = { snapshot: (): Snapshot => catalog.current, fresh, settled }
  const backend = restCalls(calls, catalog)
  const content = { read: backend.resource, readAt: backend.resourceAt }
  return restEndpoints(
    {
      gateways: { ...rehearsed(db, gatewayStore), discoverer, addresses, logs, ending, sealer: keys, ...after },
      servers: { ...rehearsed(db, serverStore), ...after },
      tools: { ...rehearsed(db, toolStore), invoker: { call: backend.tool }, sealer: keys, addresses, ...after },
      prompts: { ...rehearsed(db, promptStore), getter: { get: backend.prompt }, ...after },
      resources: { ...rehearsed(db, resourceStore), content, streams, watched, ...after },
      tokens: { ...rehearsed(db, tokenStore), usage: (id, days) => tokenUsage(db, id, days), ...after },
      users: { ...known, ...signingIn({ db, limits, signIn, sso }, settled) },
      teams: { ...teaming(db, limits), limits, publicUrl, ...known },
      roles: { store: roleStore(db), rehearsal: roleRehearsal(db), ...known },
      metrics: { totals: totalsStore(db), calls: callStore(db), prometheus },
      audit: { reader: auditStore(db), security: securityStore(db), openKey: auditKeyOpener(keys), witness, ...known },
      keys: { store: sealedStore(db), canaries: canaryStore(db), ring, sealer: keys },
      tags: { store: tagStore(db) },
      search: { snapshot: known.snapshot, tagged: taggedIds(db), place: searchPlace },
      roots: { store: rootStore(db), streams, watched },
      imports: importStore(db),
      system: { version, posture, activity: () => activity(db), databaseVersion: () => serverVersion(db) },
      declared: declaredStore(db),
      resourceServer,
    },
    { version, edge },
  )
}

function teaming(db: Database, limits: TeamLimits) {
  return {
    ...rehearsed(db, (each) => teamStore(each, limits)),
    entries: teamEntryStore(db, limits),
    entriesRehearsal: teamEntryStore(rehearsal(db), limits),
  }
}

function signingIn(
  { db, limits, signIn, sso }: Pick<RouteParts, 'db' | 'limits' | 'signIn' | 'sso'>,
  settled: SignInDeps['settled'],
): Pick<PeopleDeps, 'store' | 'rehearsal' | 'identities' | 'identitiesRehearsal' | 'events' | 'signIn' | 'sso'> {
  const known = { limits, issuer: sso?.rules.issuer ?? null }
  return {
    store: userStore(db),
    rehearsal: userRehearsal(db),
    identities: identityStore(db, known),
    identitiesRehearsal: identityStore(rehearsal(db), known),
    events: signInEvents(db),
    signIn: { ...signIn, store: signInStore(db), settled },
    sso: sso && { ...sso, store: ssoStore(db, limits), signIn: { ...signIn, settled } },
  }
}

/** What this worker knows, once it knows what the database does: what a change is about may have been made by another a moment ago. */
export function freshIn(db: Pick<Database, 'read'>, catalog: OpenCatalog): () => Promise<Snapshot> {
  const settled = settledIn(catalog)
  return async () => {
    await settled(await clockNow(db))
    return catalog.current
  }
}

/** What a change would do to that. */
export function foreseeIn(fresh: () => Promise<Snapshot>): Foresee {
  return async (after, asking, kind = 'tool') => await effectsOf(await fresh(), { after, asking, kind })
}

/** The answer to a write waits for this worker's own snapshot, which reads the change at once. */
export function settledIn(catalog: OpenCatalog): (seq: number | null) => Promise<void> {
  return async (seq) => {
    const waiting = patience()
    if (seq === null) return
    await catalog.applied(seq, waiting.leftMs()).then(
      () => waiting.heard(),
      () => undefined,
    )
  }
}

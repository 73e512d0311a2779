import { randomUUID } from 'node:crypto'
import type { Sealer } from '#/access/sealing.ts'
import type { AuditReader } from '#/audit/audit.ts'
import { forgetOldAudit } from '#/audit/retention.ts'
import type { OpenCatalog } from '#/catalog/keeper.ts'
import type { Config } from '#/config/config.ts'
import { followGateways } from '#/gateways/following.ts'
import { inTurn } from '#/gateways/in-turn.ts'
import { keepGateways } from '#/gateways/keeping.ts'
import { retireServers } from '#/gateways/retiring.ts'
import { Bulkhead } from '#/lib/bulkhead.ts'
import { startChores } from '#/lib/chores.ts'
import type { Deadlines } from '#/lib/deadlines.ts'
import { forgetOldRecords } from '#/records/retention.ts'
import { auditAttic, auditStore } from '#/store/audit-store.ts'
import { pruneChanges } from '#/store/change-feed.ts'
import { gatewayCareStore } from '#/store/gateway-care-store.ts'
import { gatewayStore } from '#/store/gateway-store.ts'
import { forgetIdempotencyKeys } from '#/store/idempotency-store.ts'
import { leases } from '#/store/leases.ts'
import { securityKeeper } from '#/store/security-store.ts'
import { forgetLogins, forgetSessions } from '#/store/session-rows.ts'
import { forgetGuesses } from '#/store/sign-in-guesses.ts'
import { recordAttic } from '#/store/record-attic.ts'
import type { OpenDatabase } from '#/store/database.ts'
import { forgetTokenUsage } from '#/store/token-usage-store.ts'
import { RETIREMENTS, type Retirement } from '#/stdio/launch.ts'
import type { WorkerLink } from '#/supervisor/link.ts'
import type { Fact } from '#/supervisor/messages.ts'
import type { Logger } from '#/telemetry/logger.ts'
import type { UpstreamParts } from '#/upstream/create-upstreams.ts'
import { auditKeyOpener } from './keyring.ts'

/** What the house is kept with. */
interface House {
  readonly config: Pick<Config, 'auditRetentionMs'>
  readonly db: OpenDatabase
  readonly link: WorkerLink
  readonly log: Logger
  readonly keys: Sealer
  readonly catalog: OpenCatalog
  readonly deadlines: Deadlines
}

/** Of what goes on beside requests, how much may be at the database; the rest waits, however much comes together. */
const AT_THE_STORE = { limit: 2, waiting: 100_000, maxWaitMs: 30_000 }
const HOUR_MS = 3_600_000
const RECORD_DAYS = 30
const CHANGE_DAYS = 7
const SECURITY_DAYS = 90
const SECURITY_ENTRIES = 100_000

/** What goes on beside requests: gateways are looked after and followed, old rows are forgotten. */
export function keepHouse(
  { config, db, link, log, keys, catalog, deadlines }: House,
  { discoverer, follower }: UpstreamParts,
): AsyncDisposable {
  const house = new AsyncDisposableStack()
  const holder = `w${link.index}-${randomUUID()}`
  const store = inTurn({ ...gatewayStore(db), ...gatewayCareStore(db) }, new Bulkhead(AT_THE_STORE, deadlines))
  const refusals = securityKeeper(db, auditKeyOpener(keys))
  const care = { store, discoverer, sealer: keys, holder, log }
  house.use(keepGateways(care))
  house.use(
    retireServers({
      snapshot: () => catalog.current,
      onChange: (changed) => catalog.onChange(changed),
      tell: (retirement) => link.tell(retirementFact(retirement)),
    }),
  )
  house.use(followGateways({ ...care, follower, leases: leases(db), snapshot: () => catalog.current }))
  house.use(
    startChores({
      everyMs: HOUR_MS,
      mine: () => leases(db).claim('chores', holder, HOUR_MS / 2),
      chores: [
        () => forgetTokenUsage(db),
        () => pruneChanges(db, CHANGE_DAYS),
        () => forgetIdempotencyKeys(db),
        () => forgetSessions(db),
        (signal) => forgetLogins(db, signal),
        () => forgetGuesses(db),
        (signal) => forgetOldRecords(recordAttic(db), { recordDays: RECORD_DAYS, signal }),
        (signal) => forgetAudit(db, config, signal),
        () => tellAuditHead(auditStore(db), log),
        () => refusals.anchor(),
        () => refusals.forget({ days: SECURITY_DAYS, most: SECURITY_ENTRIES }),
      ],
      failed: (err) =>
        log.warn({ event: 'chores.failed', err }, 'old rows could not be forgotten; tried again in an hour'),
    }),
  )
  return house
}

async function forgetAudit(
  db: OpenDatabase,
  { auditRetentionMs }: House['config'],
  signal: AbortSignal,
): Promise<void> {
  if (auditRetentionMs !== null) await forgetOldAudit(auditAttic(db), { keepMs: auditRetentionMs, signal })
}

/** A log that is shipped elsewhere so holds heads of the chain that nobody at the database can change. */
async function tellAuditHead(reader: AuditReader, log: Logger): Promise<void> {
  const { seq, head } = await reader.tip()
  if (seq !== null) log.info({ event: 'audit.head', seq, head: head.toString('hex') }, 'the head of the audit chain')
}

function retirementFact(value: Retirement): Fact {
  return { topic: RETIREMENTS, key: value.gatewayId, value, expiresAt: 0, once: true }
}

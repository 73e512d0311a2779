import type { GatewayError } from '#/errors/gateway-error.ts'
import type { HeldConnectionError } from '#/lib/held-connection.ts'
import type { Logger } from './logger.ts'
import type { CallMeasured } from './call-metrics.ts'
import type { Metrics } from './metrics.ts'

/** Where events go. */
export interface Telemetry {
  readonly log: Logger
  readonly metrics: Metrics
}

export interface CallFinished extends CallMeasured {
  readonly requestId: string
  readonly targetId: string | null
  readonly gatewayId: string | null
  readonly attempts: number
}

/** Outcomes that are ordinary under load or by design: their number is what matters, and metrics have it. */
const ORDINARY: ReadonlySet<string> = new Set(['ok', 'tool_error', 'overloaded', 'client_gone'])

/**
 * A call came to its end. The usage record has everything; the log has failures, some of each kind where one server fails all
 * the time, and the rest at level debug.
 */
export function finishedCalls({ log, metrics }: Telemetry): (call: CallFinished) => void {
  const failures = new Map<string, (fields: Record<string, unknown>) => void>()
  const write = (fields: Record<string, unknown>): void =>
    log.info({ event: 'call.finished', ...fields }, 'call finished')
  return (call) => {
    metrics.call(call)
    const isOrdinary = ORDINARY.has(call.outcome)
    if (!log.isLevelEnabled(isOrdinary ? 'debug' : 'info')) return
    const { requestId, method, outcome, targetId, gatewayId, attempts, totalMs, upstreamMs, queueMs } = call
    const fields = { requestId, method, outcome, targetId, gatewayId, attempts, totalMs, upstreamMs, queueMs }
    if (isOrdinary) return log.debug({ event: 'call.finished', ...fields }, 'call finished')
    let kind = failures.get(outcome)
    if (kind === undefined) failures.set(outcome, (kind = sampled(write)))
    kind(fields)
  }
}

/** How often losses of one kind are worth a line; the counter has them all at once. */
const LOST_EVERY_MS = 10_000

/** Usage records are gone for good: a database that is away for hours, with its file full, fills no log. */
export function lostRecords({
  log,
  metrics,
}: Telemetry): (records: number, why: { why: string; err?: unknown }) => void {
  const told = new Map<string, { at: number; records: number }>()
  return (records, why) => {
    metrics.recordsLost(records)
    const since = told.get(why.why) ?? { at: -Infinity, records: 0 }
    told.set(why.why, since)
    since.records += records
    if (performance.now() - since.at < LOST_EVERY_MS) return
    log.error({ event: 'records.lost', ...why, records: since.records }, 'usage records were lost')
    told.set(why.why, { at: performance.now(), records: 0 })
  }
}

/** A transaction tried to wait for something other than the database. It was ended; the stack says where. */
export function heldConnections({ log, metrics }: Telemetry): (error: HeldConnectionError) => void {
  const write = sampled((fields) =>
    log.error(
      { event: 'database.connection_held', ...fields },
      'a transaction that would hold its connection was ended',
    ),
  )
  return (err) => {
    metrics.connectionHeld(err.source)
    write({ source: err.source, what: err.what, err })
  }
}

/** The security log: refused requests without a valid token. */
export function signInRefusals(telemetry: Telemetry): (refusal: SignInRefused) => void {
  const write = sampled((fields) =>
    telemetry.log.warn({ event: 'sign_in.refused', ...fields }, 'request refused: no valid token'),
  )
  return (refusal) => {
    telemetry.metrics.signInRefused()
    write({ ...refusal })
  }
}

/** The security log: an e-mail address and a password that do not belong together. */
export function signInFailures(telemetry: Telemetry): (failure: SignInFailed) => void {
  const write = sampled((fields) =>
    telemetry.log.warn({ event: 'sign_in.failed', ...fields }, 'sign-in failed: wrong e-mail address or password'),
  )
  return (failure) => {
    telemetry.metrics.signInRefused()
    write({ ...failure })
  }
}

/** A request ended with an error of ours: a defect with its cause, a refusal of what somebody may not do. The rest is ordinary. */
export function requestFailures({ log }: Telemetry): (failed: RequestFailed) => void {
  const forbidden = sampled((fields) =>
    log.warn({ event: 'request.forbidden', ...fields }, 'request refused: not permitted'),
  )
  return ({ requestId, path, error }) => {
    if (error.code === 'forbidden') forbidden({ requestId, path, why: error.message })
    else if (error.code === 'internal')
      log.error({ event: 'request.failed', requestId, path, err: error }, 'request failed')
  }
}

/** The database did not take what the security log has to say; it is kept and tried again. */
export function securityUnwritten({ log }: Telemetry): (err: unknown) => void {
  return (err) => log.warn({ event: 'security.unwritten', err }, 'the security log could not be written; tried again')
}

export interface RequestFailed {
  readonly requestId: string
  readonly path: string
  readonly error: GatewayError
}

/** What others can cause without end is written at most so often a second, with how many were left out. */
const PER_SECOND = 10

function sampled(write: (fields: Record<string, unknown>) => void): (fields: Record<string, unknown>) => void {
  let second = 0
  let written = 0
  let suppressed = 0
  return (fields) => {
    const now = Math.floor(performance.now() / 1000)
    if (now !== second) {
      second = now
      written = 0
    }
    if (++written > PER_SECOND) {
      suppressed++
      return
    }
    write({ ...fields, suppressed })
    suppressed = 0
  }
}

export interface SignInFailed {
  readonly requestId: string
  readonly fromIp: string | null
  /** null: there is no such user. */
  readonly email: string | null
}

export interface SignInRefused {
  readonly requestId: string
  readonly fromIp: string | null
  /** The message the stranger was told. */
  readonly why: string
}

/** The keys of an identity provider could not be read. What is known of them goes on to be believed for a while. */
export function issuerKeysUnread(log: Logger, url: string): (err: unknown) => void {
  return (err) => log.warn({ event: 'issuer_keys.unread', url, err }, 'the keys of the token issuer could not be read')
}

/** An identity provider did not say what it is. Whoever signs in with it is told to try again. */
export function providerUnread(log: Logger, issuer: string): (err: unknown) => void {
  return (err) => log.warn({ event: 'provider.unread', issuer, err }, 'the identity provider could not be asked')
}

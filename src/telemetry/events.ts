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

/** A call came to its end. The usage record has everything; the log has the failures, and the rest at level debug. */
export function callFinished({ log, metrics }: Telemetry, call: CallFinished): void {
  metrics.call(call)
  const level = ORDINARY.has(call.outcome) ? 'debug' : 'info'
  if (!log.isLevelEnabled(level)) return
  const { requestId, method, outcome, targetId, gatewayId, attempts, totalMs, upstreamMs, queueMs } = call
  const fields = { requestId, method, outcome, targetId, gatewayId, attempts, totalMs, upstreamMs, queueMs }
  log[level]({ event: 'call.finished', ...fields }, 'call finished')
}

/** Usage records are gone for good. */
export function recordsLost({ log, metrics }: Telemetry, records: number, why: { why: string; err?: unknown }): void {
  metrics.recordsLost(records)
  log.error({ event: 'records.lost', records, ...why }, 'usage records were lost')
}

/** The security log: refused requests, at most `perSecond` lines, so that a flood of strangers fills no disk. */
export function signInRefusals(telemetry: Telemetry, perSecond = 10): (refusal: SignInRefused) => void {
  let second = 0
  let written = 0
  let suppressed = 0
  return (refusal) => {
    telemetry.metrics.signInRefused()
    const now = Math.floor(performance.now() / 1000)
    if (now !== second) {
      second = now
      written = 0
    }
    if (++written > perSecond) {
      suppressed++
      return
    }
    telemetry.log.warn({ event: 'sign_in.refused', ...refusal, suppressed }, 'request refused: no valid token')
    suppressed = 0
  }
}

export interface SignInRefused {
  readonly requestId: string
  readonly fromIp: string | null
  /** The message the stranger was told. */
  readonly why: string
}

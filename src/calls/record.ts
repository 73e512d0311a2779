import type { CallLog, CallFacts, Ending } from './call-log.ts'
import type { Call } from './call.ts'
import type { Destination } from './resolve.ts'
import type { GatewayId, ServerId, TokenId, UserId } from '#/access/ids.ts'
import type { ErrorCode } from '#/errors/codes.ts'
import { eraOf, type Era } from '#/mcp/revision.ts'

/** What remains of a call: who, what, by which rule, how long, how large, and whether it may have run. Times in ms, sizes in bytes. */
export interface CallRecord {
  readonly at: number
  readonly requestId: string
  readonly userId: UserId
  readonly tokenId: TokenId
  readonly method: string
  readonly kind: 'tool' | 'prompt' | 'resource' | 'other'
  readonly targetId: string | null
  readonly gatewayId: GatewayId | null
  readonly serverId: ServerId | null
  readonly clientEra: Era
  readonly upstreamEra: Era | null
  readonly snapshotSeq: number
  readonly rule: string
  readonly digest: string | null
  readonly attempts: number
  readonly queueMs: number
  readonly upstreamMs: number
  readonly totalMs: number
  readonly requestBytes: number
  readonly responseBytes: number
  readonly outcome: 'ok' | 'tool_error' | ErrorCode
  readonly mayHaveRun: boolean
}

/** Makes the record of each call and hands it on. `keep` must not wait. */
export function recordingLog(keep: (record: CallRecord) => void): CallLog {
  return {
    finished: ({ destination, ending, responseBytes, ...facts }) =>
      keep({ ...base(facts), ...whither(destination), outcome: outcomeOf(ending), responseBytes }),
    refused: ({ error, ...facts }) => keep({ ...base(facts), ...NOWHERE, outcome: error.code, responseBytes: 0 }),
  }
}

const NOWHERE = { kind: 'other', targetId: null, gatewayId: null, serverId: null, rule: 'none', digest: null } as const

function base({ call, snapshotSeq, totalMs, report }: CallFacts) {
  return { ...caller(call), snapshotSeq, totalMs, ...report, upstreamEra: report.revision && eraOf(report.revision) }
}

function caller({ requestId, principal, frame, revision }: Call) {
  return {
    at: Date.now(),
    requestId,
    userId: principal.userId,
    tokenId: principal.tokenId,
    method: frame.method,
    clientEra: eraOf(revision),
  }
}

function whither({ kind, item, gateway, serverId, grant }: Destination) {
  return { kind, targetId: item.id, gatewayId: gateway.id, serverId, rule: grant.rule, digest: item.digest }
}

function outcomeOf(ending: Ending): CallRecord['outcome'] {
  if ('error' in ending) return ending.error.code
  if (ending.outcome.kind === 'error') return 'upstream_error'
  return ending.outcome.isError ? 'tool_error' : 'ok'
}

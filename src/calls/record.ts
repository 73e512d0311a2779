import type { CallLog, CallFacts, Ending } from './call-log.ts'
import type { Destination } from './resolve.ts'
import type { GatewayId, ServerId, TokenId, UserId } from '#/access/ids.ts'
import { LOCAL_GATEWAY } from '#/catalog/local.ts'
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

/** Makes the record of each call and hands it on. `keep` must not wait. `begun`: told of each call that will have one. */
export function recordingLog(keep: (record: CallRecord) => void, begun: CallLog['begun']): CallLog {
  return {
    begun,
    finished: (facts) => keep(recordOf(facts, facts.destination, outcomeOf(facts.ending))),
    refused: (facts) =>
      keep({ ...recordOf({ ...facts, responseBytes: 0 }, NOWHERE, facts.error.code), rule: facts.why }),
  }
}

type Whither = Pick<Destination, 'gateway' | 'item' | 'serverId' | 'grant'> & { readonly kind: CallRecord['kind'] }

const NOWHERE = { kind: 'other', item: null, gateway: null, serverId: null, grant: null } as const

function recordOf(
  { call, snapshotSeq, totalMs, report, responseBytes }: CallFacts & { readonly responseBytes: number },
  { kind, item, gateway, serverId, grant }: Whither | typeof NOWHERE,
  outcome: CallRecord['outcome'],
): CallRecord {
  const { requestId, principal, frame, revision } = call
  return {
    at: Date.now(),
    requestId,
    userId: principal.userId,
    tokenId: principal.tokenId,
    method: frame.method,
    kind,
    targetId: item === null ? null : item.id,
    gatewayId: gateway === null || gateway === LOCAL_GATEWAY ? null : gateway.id,
    serverId,
    clientEra: eraOf(revision),
    upstreamEra: report.revision && eraOf(report.revision),
    snapshotSeq,
    rule: grant === null ? 'none' : grant.rule,
    digest: item === null ? null : item.digest,
    attempts: report.attempts,
    queueMs: report.queueMs,
    upstreamMs: report.upstreamMs,
    totalMs,
    requestBytes: report.requestBytes,
    responseBytes,
    outcome,
    mayHaveRun: report.mayHaveRun,
  }
}

function outcomeOf(ending: Ending): CallRecord['outcome'] {
  if ('error' in ending) return ending.error.code
  if (ending.outcome.kind === 'error') return 'upstream_error'
  return ending.outcome.isError ? 'tool_error' : 'ok'
}

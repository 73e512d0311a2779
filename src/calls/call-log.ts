import type { TokenId } from '#/access/ids.ts'
import type { GatewayError } from '#/errors/gateway-error.ts'
import type { AnswerOutcome } from '#/mcp/relay.ts'
import type { UpstreamReport } from '#/upstream/upstreams.ts'
import type { Call } from './call.ts'
import type { Destination } from './resolve.ts'

/** How a call ended: an answer, or the error that took its place. */
export type Ending = { readonly outcome: AnswerOutcome } | { readonly error: GatewayError }

export interface CallFacts {
  readonly call: Call
  readonly snapshotSeq: number
  readonly totalMs: number
  readonly report: UpstreamReport
}

/** Where every call leaves its trace: usage record, metrics, log. Must not wait. */
export interface CallLog {
  /** Disposed when the call has left its trace; until then it counts as one that was. Throws where its token has none left. */
  begun(tokenId: TokenId): Disposable | undefined
  finished(
    facts: CallFacts & { readonly destination: Destination; readonly ending: Ending; readonly responseBytes: number },
  ): void
  /** Ended before an upstream was chosen. */
  refused(facts: CallFacts & { readonly error: GatewayError; readonly why: string }): void
}

const recorded = new WeakSet<GatewayError>()

/** An error that the record of a call tells of: whoever answers with it counts it no second time. */
export function withRecord(error: GatewayError): GatewayError {
  recorded.add(error)
  return error
}

export const isRecorded = (error: GatewayError): boolean => recorded.has(error)

/** The upstream's part of a call that had none. */
export const NO_REPORT: UpstreamReport = {
  attempts: 0,
  queueMs: 0,
  upstreamMs: 0,
  requestBytes: 0,
  mayHaveRun: false,
  revision: null,
}

import type { Principal } from '#/access/principal.ts'
import type { CatalogGateway, ParamHeader } from '#/catalog/model.ts'
import type { GatewayError } from '#/errors/gateway-error.ts'
import type { CancelSignal } from '#/lib/canceller.ts'
import type { Frame } from '#/mcp/frame.ts'
import type { Revision } from '#/mcp/revision.ts'

/** One request on its way to an upstream. */
export interface UpstreamRequest {
  readonly gateway: CatalogGateway
  readonly principal: Principal
  /** What the client sent; params are spliced from it. */
  readonly frame: Frame
  /** The client's revision: what its _meta means. */
  readonly clientRevision: Revision
  /** What the upstream calls the tool or prompt; undefined where the name stays (resources, completion). */
  readonly name: string | undefined
  /** Bytes that replace other members of params, by key (for instance a completion's `ref`). */
  readonly replace?: Readonly<Record<string, Buffer>>
  readonly paramHeaders: readonly ParamHeader[] | null
  /** Headers of the client that the operator allows through, plus unknown Mcp-Param-*. Lower-case names. */
  readonly passthrough: Readonly<Record<string, string>>
  readonly logLevel: string | undefined
  readonly wantsProgress: boolean
  readonly requestId: string
  /** W3C traceparent of this hop. */
  readonly traceparent: string
  /** Running it twice changes nothing (reads, gets, idempotentHint): may be retried after an ambiguous failure. */
  readonly idempotent: boolean
  readonly signal: CancelSignal
}

/** What was agreed before the first byte of the answer: needed to translate it. */
export interface AnswerStart {
  readonly revision: Revision
  readonly upstreamId: number
  readonly control: FlowControl
}

export interface FlowControl {
  pause(): void
  resume(): void
  /** Sends our answer to a request that the server made in the middle of the call. */
  reply(message: Buffer): void
}

/** Where an upstream's answer goes: start once, then bytes and message ends, then exactly one of done or failed. */
export interface UpstreamSink {
  start(answer: AnswerStart): void
  /** The next bytes of the current JSON-RPC message. */
  bytes(chunk: Buffer): void
  /**
   * The current message ended: an SSE event, or the JSON body. true: it was the answer (or the sink has failed), so the rest of
   * the stream is not waited for; false: another message must be it; nothing: only the end of the stream tells.
   */
  endMessage(): boolean | void
  done(report: UpstreamReport): void
  failed(error: GatewayError, report: UpstreamReport): void
}

/** What a usage record says of the upstream's part. Milliseconds. */
export interface UpstreamReport {
  readonly attempts: number
  readonly queueMs: number
  readonly upstreamMs: number
  readonly requestBytes: number
  readonly mayHaveRun: boolean
  readonly revision: Revision | null
}

/** Calls to upstreams: slot, session, splice, send, relay. */
export interface Upstreams {
  send(request: UpstreamRequest, sink: UpstreamSink): void
}

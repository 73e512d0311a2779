import type { Principal } from '#/access/principal.ts'
import type { Scope } from '#/catalog/snapshot.ts'
import type { GatewayError } from '#/errors/gateway-error.ts'
import type { Canceller } from '#/lib/canceller.ts'
import type { Frame } from '#/mcp/frame.ts'
import type { AnswerOutcome } from '#/mcp/relay.ts'
import type { Revision } from '#/mcp/revision.ts'

/** One call from the front door, whoever opened it: an MCP endpoint, /rpc or a REST route. */
export interface Call {
  readonly principal: Principal
  readonly scope: Scope
  /** What is called, where that was said by its id: another thing may bear the name that the frame has for it. */
  readonly itemId?: string
  /** It came in at the endpoint of its scope, which takes a permission of its own. */
  readonly atEndpoint: boolean
  readonly frame: Frame
  readonly revision: Revision
  readonly requestId: string
  /** W3C traceparent the caller sent, or undefined. */
  readonly traceparent: string | undefined
  /** Lower-case names. Only what a gateway's settings allow goes on. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly logLevel: string | undefined
  readonly wantsEvents: boolean
  /** The one canceller of this call: the front door aborts it when the caller goes away, the call when its answer is refused. */
  readonly canceller: Canceller
}

/** Where the steps of a call go, in order: any number of events and chunks, then exactly one of end, needInput or fail. */
export interface CallSink {
  /** A whole notification for the caller. */
  event(message: Buffer): void
  /** The next bytes of the answer (a whole JSON-RPC response in the end). */
  chunk(bytes: Buffer): void
  end(outcome: AnswerOutcome): void
  /** The upstream waits for something only the caller can give; `error` is the clean refusal of a door that cannot ask. */
  needInput(error: GatewayError): void
  fail(error: GatewayError): void
  /** Called once the upstream answers: `pause` while the caller reads slowly. */
  flow(control: { pause(): void; resume(): void }): void
}

export interface Calls {
  invoke(call: Call, sink: CallSink): void
}

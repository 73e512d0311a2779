import type { Principal } from '#/access/principal.ts'
import type { Ongoing, UnderWay } from '#/access/under-way.ts'
import type { CatalogGateway } from '#/catalog/model.ts'
import type { Catalog } from '#/catalog/snapshot.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { answerToServer } from '#/mcp/upstream-requests.ts'
import { createAnswerRelay } from '#/mcp/answer-relay.ts'
import { metaOf, rawOf } from '#/mcp/frame-values.ts'
import type { Frame } from '#/mcp/frame.ts'
import { CLIENT_CAPABILITIES } from '#/mcp/meta-keys.ts'
import type { AnswerOutcome, AnswerRelay, RelayOutput } from '#/mcp/relay.ts'
import type { AnswerStart, FlowControl, UpstreamReport, UpstreamSink } from '#/upstream/upstreams.ts'
import type { Call, CallSink } from './call.ts'
import { NO_REPORT, withRecord, type CallLog, type Ending } from './call-log.ts'
import type { Destination } from './resolve.ts'
import type { Shares } from './shares.ts'
import { requireStill } from './still.ts'

export interface RunOptions {
  readonly call: Call
  readonly sink: CallSink
  readonly destination: Destination
  readonly snapshotSeq: number
  readonly startedAt: number
  readonly log: CallLog
  readonly catalog: Pick<Catalog, 'current'>
  readonly underWay: UnderWay
}

const NO_ID = Buffer.from('null')
const NEEDS_INPUT =
  'the server wants input from the user before it goes on, which this gateway does not carry to clients'

/** One call between its upstream and its caller: translates what arrives, ends exactly once, leaves a record. */
export class CallRun implements UpstreamSink, RelayOutput, Ongoing {
  readonly progressToken: Buffer | undefined
  readonly #options: RunOptions
  #relay: AnswerRelay | undefined
  #control: FlowControl | undefined
  #ending: Ending | undefined
  /** Why it was ended from here, which the way to the upstream knows as an end alone. */
  #refusal: GatewayError | undefined
  #responseBytes = 0
  #share: Disposable | undefined
  readonly #going: Disposable
  #counted: Disposable | undefined

  constructor(options: RunOptions) {
    this.#options = options
    this.progressToken = rawOf(options.call.frame, metaOf(options.call.frame, 'progressToken'))
    this.#going = options.underWay.begin(this, options.call.principal)
  }

  /** Takes a place among the calls to this server. False: there is none, and the caller has heard so. */
  enter(shares: Shares): boolean {
    const { call, destination, log } = this.#options
    try {
      this.#counted = log.begun(call.principal.tokenId)
    } catch (cause) {
      this.#turnAway(GatewayError.from(cause))
      return false
    }
    try {
      this.#share = shares.take(call.principal, destination)
      return true
    } catch (cause) {
      this.failed(GatewayError.from(cause), NO_REPORT)
      return false
    }
  }

  /** As at the door: it is no call, and leaves no record. */
  #turnAway(error: GatewayError): void {
    this.#going[Symbol.dispose]()
    this.#options.sink.fail(error)
  }

  start(answer: AnswerStart): void {
    const { call, sink, destination } = this.#options
    const { frame } = call
    this.#relay = createAnswerRelay(
      {
        method: frame.method,
        clientRevision: call.revision,
        upstreamRevision: answer.revision,
        clientId: frame.id === undefined ? NO_ID : frame.bytes.subarray(frame.id.start, frame.id.end),
        upstreamId: answer.upstreamId,
        progressToken: this.progressToken,
        logLevel: call.logLevel,
        serverInfo: serverInfoOf(destination.gateway),
        clientCapabilities: () => rawOf(frame, metaOf(frame, CLIENT_CAPABILITIES)),
      },
      this,
    )
    this.#control = answer.control
    sink.flow(answer.control)
  }

  bytes(chunk: Buffer): void {
    if (this.#ending === undefined) this.#relay?.push(chunk)
  }

  /** Whether the message that ended was the answer. */
  endMessage(): boolean {
    if (this.#ending === undefined) this.#relay?.endMessage()
    return this.#ending !== undefined
  }

  done(report: UpstreamReport): void {
    if (this.#ending === undefined)
      this.#fail(new GatewayError('upstream_invalid', 'the server ended its stream without an answer'))
    this.#record(report)
  }

  failed(error: GatewayError, report: UpstreamReport): void {
    const refusal = this.#refusal !== undefined && report.mayHaveRun ? cutShort(this.#refusal) : this.#refusal
    if (this.#ending === undefined) this.#fail(refusal ?? error)
    this.#record(report)
  }

  answer(bytes: Buffer): void {
    this.#responseBytes += bytes.length
    this.#options.sink.chunk(bytes)
  }

  answered(outcome: AnswerOutcome): void {
    this.#ending = { outcome }
    this.#options.sink.end(outcome)
  }

  notification(bytes: Buffer): void {
    if (this.#options.call.wantsEvents) this.#options.sink.event(bytes)
  }

  /** What the server asks of a client it is told that we do not offer, and goes on; an answer that only asks is refused. */
  needsInput(frame: Frame | undefined): void {
    if (frame?.id !== undefined) {
      const id = frame.bytes.subarray(frame.id.start, frame.id.end)
      return this.#control?.reply(answerToServer(id, frame.method))
    }
    const { sink, call } = this.#options
    const error = new GatewayError('needs_client_input', NEEDS_INPUT)
    this.#ending = { error }
    sink.needInput(error)
    call.canceller.abort(error)
  }

  invalid(why: string): void {
    const error = new GatewayError('upstream_invalid', `the server's answer was refused: ${why}`)
    this.#fail(error)
    this.#options.call.canceller.abort(error)
  }

  mayGoOn(principal: Principal): void {
    const { call, destination, catalog } = this.#options
    requireStill(principal, { call, destination, snapshot: catalog.current })
  }

  /** Whoever called may not go on with it. */
  end(error: GatewayError): void {
    this.#refusal = error
    this.#options.call.canceller.abort(error)
  }

  #fail(error: GatewayError): void {
    this.#ending = { error }
    this.#options.sink.fail(withRecord(error))
  }

  #record(report: UpstreamReport): void {
    this.#share?.[Symbol.dispose]()
    this.#going[Symbol.dispose]()
    const { call, destination, snapshotSeq, startedAt, log } = this.#options
    const ending = this.#ending ?? { error: new GatewayError('internal', 'the call ended without an ending') }
    const totalMs = performance.now() - startedAt
    log.finished({ call, destination, ending, snapshotSeq, totalMs, report, responseBytes: this.#responseBytes })
    this.#counted?.[Symbol.dispose]()
  }
}

function cutShort(cause: GatewayError): GatewayError {
  const message = `${cause.message}; the call under way was ended, and may have run`
  return new GatewayError(cause.code, message, { cause, mayHaveRun: true })
}

const serverInfos = new WeakMap<CatalogGateway, Buffer>()

/** The bytes of what a server says of itself, made once for each version of its gateway. */
function serverInfoOf(gateway: CatalogGateway): Buffer | undefined {
  if (gateway.serverInfo === null) return undefined
  let bytes = serverInfos.get(gateway)
  if (bytes === undefined) serverInfos.set(gateway, (bytes = Buffer.from(gateway.serverInfo)))
  return bytes
}

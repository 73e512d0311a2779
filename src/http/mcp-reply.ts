import type { CallSink } from '#/calls/call.ts'
import { ERROR_CODES } from '#/errors/codes.ts'
import type { GatewayError } from '#/errors/gateway-error.ts'
import { SSE_KEEP_ALIVE, sseClose, sseMessage, sseOpen, ssePiece } from '#/lib/sse-write.ts'
import type { AnswerOutcome } from '#/mcp/relay.ts'
import { errorBody } from '#/mcp/results.ts'
import type { Era } from '#/mcp/revision.ts'
import type { Exchange } from './exchange.ts'
import { fieldsOf } from './mcp-head.ts'

/** Answers up to this size are whole before their first byte leaves: with a length, and with a clean error if they turn bad. */
const HELD_BYTES = 64 << 10

const STREAM_HEAD = ['content-type', 'text/event-stream', 'cache-control', 'no-cache', 'x-accel-buffering', 'no']
const JSON_HEAD = ['content-type', 'application/json']
const NO_CHUNKS: readonly Buffer[] = []

/** Writes one call's steps to its caller: a JSON body where the answer comes alone, an event stream where events come first. */
export class McpReply implements CallSink {
  readonly #exchange: Exchange
  #mode: 'undecided' | 'json' | 'stream' = 'undecided'
  #held: Buffer[] = []
  #heldBytes = 0
  #begun = false
  #paused = false
  #control: { pause(): void; resume(): void } | undefined

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  event(message: Buffer): void {
    if (this.#mode === 'json') return
    if (this.#mode === 'undecided') this.#beginStream()
    this.#write(sseMessage(message))
  }

  /** Becomes a stream, or sends a comment on it: the line stays open and a client that went away is noticed. */
  keepAlive(): void {
    if (this.#mode === 'undecided') this.#beginStream()
    else if (this.#mode === 'stream' && !this.#begun) this.#exchange.arrival.response.write(SSE_KEEP_ALIVE)
  }

  chunk(bytes: Buffer): void {
    if (this.#mode === 'stream') {
      if (!this.#begun) this.#write(sseOpen())
      this.#begun = true
      return this.#write(ssePiece(bytes))
    }
    if (this.#mode === 'json') return this.#write(bytes)
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#heldBytes > HELD_BYTES) this.#beginJson()
  }

  end(outcome: AnswerOutcome): void {
    const { arrival, era } = this.#exchange
    if (this.#mode === 'stream') return arrival.close(sseClose())
    if (this.#mode === 'json') return arrival.close()
    const body = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held)
    arrival.json(statusOf(outcome, era), body)
  }

  needInput(error: GatewayError): void {
    this.fail(error)
  }

  fail(error: GatewayError): void {
    const { arrival, era, id, frame } = this.#exchange
    const { response } = arrival
    arrival.failed(error)
    if (response.destroyed) return
    // Half an answer is out: cutting the connection is the only honest ending.
    if (this.#begun || this.#mode === 'json') return void response.destroy()
    const body = errorBody(error, { id, era, method: frame.method })
    if (this.#mode === 'stream') return arrival.close(sseMessage(body))
    arrival.json(statusOfError(error, era), body, fieldsOf(error, arrival.challenge))
  }

  flow(control: { pause(): void; resume(): void }): void {
    this.#control = control
  }

  #beginStream(): void {
    this.#mode = 'stream'
    this.#exchange.arrival.open(200, STREAM_HEAD)
  }

  #beginJson(): void {
    this.#mode = 'json'
    this.#exchange.arrival.open(200, JSON_HEAD)
    for (const bytes of this.#held) this.#write(bytes)
    this.#held = NO_CHUNKS as Buffer[]
  }

  #write(bytes: Buffer): void {
    const { response } = this.#exchange.arrival
    if (response.write(bytes) || this.#paused || response.destroyed) return
    this.#paused = true
    this.#control?.pause()
    response.once('drain', () => {
      this.#paused = false
      this.#control?.resume()
    })
  }
}

/** A modern client reads some errors from the status as well; for a legacy one every JSON-RPC answer is a 200. */
const MODERN_STATUS: Readonly<Record<number, number>> = { [-32601]: 404, [-32020]: 400, [-32021]: 400, [-32022]: 400 }

function statusOf(outcome: AnswerOutcome, era: Era): number {
  return (era === 'modern' && outcome.errorCode !== undefined && MODERN_STATUS[outcome.errorCode]) || 200
}

/** With 401 clients get themselves another token and send the same again: not where that would run a tool twice. */
function statusOfError(error: GatewayError, era: Era): number {
  if (error.mayHaveRun) return 200
  const status = ERROR_CODES[error.code].mcp
  return era === 'legacy' && error.code === 'method_not_found' ? 200 : status
}

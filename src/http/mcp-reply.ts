import type { ServerResponse } from 'node:http'
import type { CallSink } from '#/calls/call.ts'
import { ERROR_CODES } from '#/errors/codes.ts'
import type { GatewayError } from '#/errors/gateway-error.ts'
import { SSE_KEEP_ALIVE, sseClose, sseMessage, sseOpen, ssePiece } from '#/lib/sse-write.ts'
import type { AnswerOutcome } from '#/mcp/relay.ts'
import { errorBody } from '#/mcp/results.ts'
import { sendWhole } from './exchange.ts'
import type { Era } from '#/mcp/revision.ts'

/** Answers up to this size are whole before their first byte leaves: with a length, and with a clean error if they turn bad. */
const HELD_BYTES = 64 << 10

export interface ReplyOptions {
  readonly response: ServerResponse
  readonly era: Era
  readonly method: string
  /** Raw JSON of the request's id. */
  readonly id: Buffer
}

const JSON_HEAD = 'application/json'
const STREAM_HEAD = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-accel-buffering': 'no' }
const NO_CHUNKS: readonly Buffer[] = []

/** Writes one call's steps to its caller: a JSON body where the answer comes alone, an event stream where events come first. */
export class McpReply implements CallSink {
  readonly #options: ReplyOptions
  #mode: 'undecided' | 'json' | 'stream' = 'undecided'
  #held: Buffer[] = []
  #heldBytes = 0
  #begun = false
  #paused = false
  #control: { pause(): void; resume(): void } | undefined

  constructor(options: ReplyOptions) {
    this.#options = options
  }

  event(message: Buffer): void {
    if (this.#mode === 'json') return
    if (this.#mode === 'undecided') this.#beginStream()
    this.#write(sseMessage(message))
  }

  /** Becomes a stream, or sends a comment on it: the line stays open and a client that went away is noticed. */
  keepAlive(): void {
    if (this.#mode === 'undecided') this.#beginStream()
    else if (this.#mode === 'stream' && !this.#begun) this.#options.response.write(SSE_KEEP_ALIVE)
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
    const { response, era } = this.#options
    if (this.#mode === 'stream') return void response.end(sseClose())
    if (this.#mode === 'json') return void response.end()
    const body = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held)
    this.#whole(statusOf(outcome, era), body)
  }

  needInput(error: GatewayError): void {
    this.fail(error)
  }

  fail(error: GatewayError): void {
    const { response, era, id, method } = this.#options
    if (response.destroyed) return
    // Half an answer is out: cutting the connection is the only honest ending.
    if (this.#begun || this.#mode === 'json') return void response.destroy()
    const body = errorBody(error, { id, era, method })
    if (this.#mode === 'stream') return void response.end(sseMessage(body))
    if (error.retryAfter !== undefined) response.setHeader('retry-after', Math.ceil(error.retryAfter))
    this.#whole(statusOfError(error, era), body)
  }

  flow(control: { pause(): void; resume(): void }): void {
    this.#control = control
  }

  #beginStream(): void {
    this.#mode = 'stream'
    this.#options.response.writeHead(200, STREAM_HEAD)
  }

  #beginJson(): void {
    this.#mode = 'json'
    this.#options.response.writeHead(200, { 'content-type': JSON_HEAD })
    for (const bytes of this.#held) this.#write(bytes)
    this.#held = NO_CHUNKS as Buffer[]
  }

  #whole(status: number, body: Buffer): void {
    sendWhole(this.#options.response, status, body)
  }

  #write(bytes: Buffer): void {
    const { response } = this.#options
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

function statusOfError(error: GatewayError, era: Era): number {
  const status = ERROR_CODES[error.code].mcp
  return era === 'legacy' && error.code === 'method_not_found' ? 200 : status
}

import type { GatewayError } from '#/errors/gateway-error.ts'
import type { FrontRequest, FrontResponse } from './front-request.ts'
import type { WebAnswers } from './web-answers.ts'

/** As a latin1 string the bytes are the same, and node sends head and body in one write instead of two. */
const ONE_WRITE_BYTES = 16 << 10
const UNREAD_MS = 60_000

/** Told of every refusal and failure that a client is answered with: for the log, where strangers see less than the cause. */
export type Notice = (arrival: Arrival, error: GatewayError) => void

export interface ArrivalOptions {
  readonly requestId: string
  readonly notice: Notice
  readonly web: WebAnswers
}

/** One request at the front door: how it is answered, and what ends with it. Every answer carries the request's id. */
export class Arrival {
  readonly request: FrontRequest
  readonly response: FrontResponse
  readonly requestId: string
  /** What a refusal says of where to get a token for this door. */
  challenge = ''
  readonly #ends: (() => void)[] = []
  readonly #notice: Notice
  readonly #web: WebAnswers

  constructor(request: FrontRequest, response: FrontResponse, { requestId, notice, web }: ArrivalOptions) {
    this.request = request
    this.response = response
    this.requestId = requestId
    this.#notice = notice
    this.#web = web
    response.on('close', () => {
      for (const end of this.#ends) end()
    })
  }

  /** Runs when the response is over, whichever way: sent to its last byte, or the client went away. */
  atEnd(end: () => void): void {
    this.#ends.push(end)
  }

  /** The request ends with this error, whose body comes next. */
  failed(error: GatewayError): void {
    this.#notice(this, error)
  }

  /** A head whose body follows in pieces. `fields`: name, value, name, value … */
  open(status: number, fields: readonly string[]): void {
    const head = ['x-request-id', this.requestId, ...fields]
    const web = this.#web.fieldsFor(this.request, status)
    this.response.writeHead(status, web.length === 0 ? head : [...head, ...web])
  }

  /** A whole JSON body with its length. */
  json(status: number, body: Buffer, fields: readonly string[] = []): void {
    this.open(status, ['content-type', 'application/json', 'content-length', String(body.length), ...fields])
    if (body.length > ONE_WRITE_BYTES) this.response.end(body)
    else this.response.end(body.toString('latin1'), 'latin1')
    this.#mustBeRead()
  }

  /** A whole JSON body in pieces that are not joined first: large shared bytes are written as they are. */
  jsonPieces(pieces: readonly Buffer[]): void {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
    this.open(200, ['content-type', 'application/json', 'content-length', String(length)])
    for (const piece of pieces) this.response.write(piece)
    this.close()
  }

  /** The end of a body that came in pieces. */
  close(last?: Buffer): void {
    this.response.end(last)
    this.#mustBeRead()
  }

  /** A client that reads nothing for a minute does not hold an answer, and its place, for ever. */
  #mustBeRead(): void {
    if (!this.response.writableFinished) this.response.setTimeout(UNREAD_MS, () => this.response.destroy())
  }

  /** Tells a page's browser what it may call with, before it does. */
  allow(fields: readonly string[]): void {
    this.response.writeHead(204, [...fields])
    this.close()
  }

  /** Nothing but a status. */
  bare(status: number): void {
    this.open(status, ['content-length', '0'])
    this.close()
  }
}

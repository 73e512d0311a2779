import type { IncomingHttpHeaders, OutgoingHttpHeader } from 'node:http'
import type { Socket } from 'node:net'
import { STATUS_CODES } from '#/lib/node-http.ts'
import type { FrontRequest, FrontResponse } from './front-request.ts'
import type { PlainHead } from './plain-head.ts'

/** What an exchange needs of its connection. */
export interface ExchangeOwner {
  readonly socket: Socket
  /** Whether the answer at hand is the last. */
  readonly closing: boolean
  /** The answer is out to its last byte. `reusable`: and nothing of the request is left. */
  answered(reusable: boolean): void
}

/** Longer than the usual proxy keeps its own side. */
export const IDLE_MS = 65_000

const STAY = `Connection: keep-alive\r\nKeep-Alive: timeout=${IDLE_MS / 1000}\r\n`
const CLOSE = 'Connection: close\r\n'
const CRLF = Buffer.from('\r\n')
const LAST_CHUNK = '0\r\n\r\n'
const UNSAFE_VALUE = /[^\t\x20-\x7e\x80-\xff]/
const NOTHING = Buffer.alloc(0)

/** One request of a plain connection and its answer. */
export class PlainExchange implements FrontRequest, FrontResponse {
  readonly method = 'POST'
  readonly #connection: ExchangeOwner
  readonly #head: PlainHead
  /** What came of the body before somebody wanted it. */
  #pieces: Buffer[]
  #missing: number
  #onData: ((piece: Buffer) => void) | undefined
  #onEnd: (() => void) | undefined
  #closers: (() => void)[] = []
  /** The head of the answer, until it leaves with the first bytes of the body. */
  #start: string | undefined
  #begun = false
  #chunked = false
  #closing = false
  #ended = false
  #finished = false
  #unread: (() => void) | undefined

  constructor(connection: ExchangeOwner, head: PlainHead, body: Buffer) {
    this.#connection = connection
    this.#head = head
    this.#pieces = [body]
    this.#missing = head.contentLength - body.length
    if (this.#missing > 0) connection.socket.pause()
  }

  // ── the request ──

  get url(): string {
    return this.#head.url
  }

  get headers(): IncomingHttpHeaders {
    return this.#head.headers
  }

  get rawHeaders(): readonly string[] {
    return this.#head.rawHeaders
  }

  get socket(): Socket {
    return this.#connection.socket
  }

  get complete(): boolean {
    return this.#missing === 0
  }

  /** Who listens for the end wants the body: it comes from there on. */
  on(event: 'data', listener: (piece: Buffer) => void): void
  on(event: 'end' | 'close', listener: () => void): void
  on(event: 'data' | 'end' | 'close', listener: ((piece: Buffer) => void) & (() => void)): void {
    if (event === 'close') this.#closers.push(listener)
    else if (event === 'data') this.#onData = listener
    else {
      this.#onEnd = listener
      this.#deliver()
    }
  }

  /** More bytes of the connection. Returns those that are no more of this request. */
  receive(piece: Buffer): Buffer | undefined {
    const own = Math.min(piece.length, this.#missing)
    this.#missing -= own
    if (own > 0) this.#pieces.push(piece.subarray(0, own))
    if (this.#onEnd !== undefined) this.#deliver()
    return own < piece.length ? piece.subarray(own) : undefined
  }

  #deliver(): void {
    const pieces = this.#pieces
    this.#pieces = []
    for (const piece of pieces) if (piece.length > 0) this.#onData?.(piece)
    if (this.#missing > 0) return void this.socket.resume()
    const ended = this.#onEnd
    this.#onEnd = undefined
    ended?.()
  }

  // ── the answer ──

  get headersSent(): boolean {
    return this.#begun
  }

  get destroyed(): boolean {
    return this.socket.destroyed
  }

  get writableFinished(): boolean {
    return this.#finished
  }

  writeHead(status: number, fields: OutgoingHttpHeader[]): void {
    if (this.#begun) throw new Error('the head of this answer is out')
    this.#chunked = status !== 204
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const name = String(fields[i])
      const value = String(fields[i + 1])
      if (UNSAFE_VALUE.test(value)) throw new TypeError(`the value of ${name} has a character that HTTP does not allow`)
      if (name === 'content-length') this.#chunked = false
      if (name === 'connection') this.#closing = true
      else head += `${name}: ${value}\r\n`
    }
    this.#begun = true
    this.#closing ||= this.#missing > 0 || this.#connection.closing
    const coding = this.#chunked ? 'Transfer-Encoding: chunked\r\n' : ''
    this.#start = `${head}Date: ${dateNow()}\r\n${coding}${this.#closing ? CLOSE : STAY}\r\n`
  }

  /** What comes late is nobody's: the connection may serve the next request. A chunk of no bytes would end the answer. */
  write(bytes: Buffer): boolean {
    if (this.#ended || bytes.length === 0) return true
    const { socket } = this
    const before = this.#takeStart() + (this.#chunked ? `${bytes.length.toString(16)}\r\n` : '')
    socket.cork()
    if (before !== '') socket.write(before, 'latin1')
    let flows = socket.write(bytes)
    if (this.#chunked) flows = socket.write(CRLF)
    socket.uncork()
    return flows
  }

  end(last: Buffer | string = NOTHING, _encoding?: 'latin1'): void {
    if (this.#ended) return
    const { socket } = this
    if (typeof last === 'string') {
      socket.write(this.#takeStart() + this.#framed(last), 'latin1')
    } else {
      this.write(last)
      const rest = this.#takeStart() + (this.#chunked ? LAST_CHUNK : '')
      if (rest !== '') socket.write(rest, 'latin1')
    }
    this.#ended = true
    if (socket.writableLength === 0) this.#finish()
    else socket.write('', () => this.#finish())
  }

  once(_event: 'drain', listener: () => void): void {
    this.socket.once('drain', listener)
  }

  setTimeout(ms: number, passed: () => void): void {
    if (this.#finished || this.#unread !== undefined) return
    this.#unread = passed
    this.socket.setTimeout(ms, passed)
  }

  destroy(): void {
    if (!this.#finished) this.socket.destroy()
  }

  /** The body took too long to come. */
  tooSlow(): void {
    if (this.#begun) return this.destroy()
    this.writeHead(408, ['content-length', '0', 'connection', 'close'])
    this.end()
  }

  /** The connection is closed, before the answer was out or after. */
  gone(): void {
    for (const close of this.#closers.splice(0)) close()
  }

  #takeStart(): string {
    const start = this.#start
    if (start === undefined) return ''
    this.#start = undefined
    return start
  }

  #framed(last: string): string {
    if (!this.#chunked) return last
    return last === '' ? LAST_CHUNK : `${last.length.toString(16)}\r\n${last}\r\n${LAST_CHUNK}`
  }

  #finish(): void {
    if (this.#finished || this.socket.destroyed) return
    this.#finished = true
    if (this.#unread !== undefined) this.socket.setTimeout(0, this.#unread)
    this.gone()
    this.#connection.answered(!this.#closing)
  }
}

let date = ''
let dateUntil = 0

/** For the Date field, which has a resolution of seconds. */
function dateNow(): string {
  const now = Date.now()
  if (now >= dateUntil) {
    date = new Date(now).toUTCString()
    dateUntil = now - (now % 1000) + 1000
  }
  return date
}

import { ChunkedBody, type BodySink } from './http1-chunked.ts'
import { Http1Fault, violation } from './http1-fault.ts'
import { CHUNKED, MAX_HEAD_BYTES, readHead, type ResponseHead, UNTIL_CLOSE } from './http1-head.ts'

/** One response: its head, its body, its end. */
export interface ResponseEvents extends BodySink {
  head(head: ResponseHead): void
  /** The last word of this response. surplus: bytes came after it that nobody asked for. */
  end(surplus: boolean): void
}

const START = Buffer.from('HTTP/1.')
const MAX_REMEMBERED = 1024
const HEAD_END = '\r\n\r\n'

/**
 * Reads the responses of one connection, one after the other, from any pieces. Strict: what two readers could take differently
 * throws an Http1Fault. Parts of a body are given out where they lie, without a copy.
 */
export class ResponseParser {
  readonly #events: ResponseEvents
  readonly #chunked: ChunkedBody
  #mode: 'head' | 'length' | 'chunked' | 'until close' | 'over' = 'over'
  #bodiless = false
  #left = 0
  /** The beginning of a head whose end has not come. */
  #held: Buffer | undefined
  /** Of interim responses, which count against the same bound. */
  #interim = 0
  #lastText = ''
  #lastHead: ResponseHead | undefined

  constructor(events: ResponseEvents) {
    this.#events = events
    this.#chunked = new ChunkedBody(events)
  }

  /** Another response is awaited. `bodiless`: to HEAD. */
  begin(bodiless: boolean): void {
    this.#mode = 'head'
    this.#bodiless = bodiless
    this.#held = undefined
    this.#interim = 0
  }

  /** Nothing more is given out, not even of the piece at hand. */
  stop(): void {
    this.#mode = 'over'
    this.#chunked.stop()
  }

  push(piece: Buffer): void {
    if (this.#mode === 'head') this.#readHead(piece)
    else this.#readBody(piece, 0)
  }

  /** The connection ended: the end of this response, or a fault. */
  finish(): void {
    if (this.#mode !== 'until close') throw new Http1Fault('closed', 'the server closed the connection')
    this.#end(false)
  }

  #readHead(piece: Buffer): void {
    const bytes = this.#held === undefined ? piece : Buffer.concat([this.#held, piece])
    const known = this.#held?.length ?? 0
    this.#held = undefined
    let start = 0
    for (;;) {
      const end = bytes.indexOf(HEAD_END, Math.max(start, known - 3))
      if (end < 0) return this.#hold(bytes, start)
      this.#bound(end - start)
      const head = this.#understand(bytes.toString('latin1', start, end + 2))
      if (head.status === 101) throw violation('an upgrade that nobody asked for')
      const after = end + HEAD_END.length
      if (head.status >= 200) return this.#answer(head, bytes, after)
      this.#interim += after - start
      start = after
    }
  }

  /** Answers alike, within one second of the server's clock, often have the very same head. */
  #understand(text: string): ResponseHead {
    if (this.#bodiless) return readHead(text, true)
    if (text === this.#lastText && this.#lastHead !== undefined) return this.#lastHead
    const head = readHead(text, false)
    if (text.length <= MAX_REMEMBERED) {
      this.#lastText = text
      this.#lastHead = head
    }
    return head
  }

  #hold(bytes: Buffer, start: number): void {
    const rest = bytes.subarray(start)
    const compared = Math.min(rest.length, START.length)
    // Who does not begin like HTTP may never send the end of a head.
    if (rest.compare(START, 0, compared, 0, compared) !== 0) throw violation('bytes that are not HTTP/1.1')
    this.#bound(rest.length)
    this.#held = rest
  }

  #bound(bytes: number): void {
    if (this.#interim + bytes > MAX_HEAD_BYTES) throw violation('a head that is too large')
  }

  #answer(head: ResponseHead, bytes: Buffer, bodyAt: number): void {
    this.#left = head.length
    if (head.length === CHUNKED) this.#mode = 'chunked'
    else this.#mode = head.length === UNTIL_CLOSE ? 'until close' : 'length'
    if (head.length === CHUNKED) this.#chunked.begin()
    this.#events.head(head)
    this.#readBody(bytes, bodyAt)
  }

  #readBody(bytes: Buffer, from: number): void {
    if (this.#mode === 'length') this.#readLength(bytes, from)
    else if (this.#mode === 'chunked') {
      const to = this.#chunked.push(bytes, from)
      if (this.#mode === 'chunked' && this.#chunked.over) this.#end(to < bytes.length)
    } else if (this.#mode === 'until close' && from < bytes.length)
      this.#events.data(from === 0 ? bytes : bytes.subarray(from))
  }

  #readLength(bytes: Buffer, from: number): void {
    const to = Math.min(from + this.#left, bytes.length)
    this.#left -= to - from
    const over = this.#left === 0
    if (to > from) this.#events.data(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to))
    // Whoever reads may have stopped us meanwhile.
    if (over && this.#mode === 'length') this.#end(to < bytes.length)
  }

  #end(surplus: boolean): void {
    this.#mode = 'over'
    this.#events.end(surplus)
  }
}

import { violation } from './http1-fault.ts'

/** Where the bytes of a body go. */
export interface BodySink {
  data(chunk: Buffer): void
}

type At = 'first digit' | 'digits' | 'extension' | 'line end' | 'data' | 'data CR' | 'data LF' | Tail
type Tail = 'trailer start' | 'trailer' | 'trailer end' | 'last LF' | 'over'

const CR = 0x0d
const LF = 0x0a
const TAB = 0x09
const SEMICOLON = 0x3b
const MAX_DIGITS = 12
/** Of the extensions of one chunk, and of all trailers together. */
const MAX_SKIPPED = 16 * 1024

/** A chunked body (RFC 9112, 7.1), from any pieces. Extensions and trailers are read over. */
export class ChunkedBody {
  readonly #sink: BodySink
  #at: At = 'first digit'
  #left = 0
  #digits = 0
  #skipped = 0

  constructor(sink: BodySink) {
    this.#sink = sink
  }

  get over(): boolean {
    return this.#at === 'over'
  }

  begin(): void {
    this.#at = 'first digit'
  }

  /** Nothing more is given out, not even of the piece at hand. */
  stop(): void {
    this.#at = 'over'
  }

  /** Reads from a place on and returns where it came to: the end of the piece, or the end of the body. */
  push(piece: Buffer, from: number): number {
    let at = from
    while (at < piece.length && this.#at !== 'over') {
      if (this.#at === 'data') at = this.#give(piece, at)
      else this.#step(piece[at++] ?? 0)
    }
    return at
  }

  #give(piece: Buffer, from: number): number {
    const to = Math.min(from + this.#left, piece.length)
    this.#left -= to - from
    if (this.#left === 0) this.#at = 'data CR'
    this.#sink.data(piece.subarray(from, to))
    return to
  }

  #step(byte: number): void {
    switch (this.#at) {
      case 'first digit':
      case 'digits':
        return this.#size(byte)
      case 'extension':
        if (byte === CR) this.#at = 'line end'
        else this.#skip(byte)
        return
      case 'line end':
        this.#expect(byte, LF)
        this.#at = this.#left > 0 ? 'data' : 'trailer start'
        this.#skipped = 0
        return
      case 'data CR':
        this.#expect(byte, CR)
        this.#at = 'data LF'
        return
      case 'data LF':
        this.#expect(byte, LF)
        this.#at = 'first digit'
        return
      default:
        return this.#tail(byte)
    }
  }

  #size(byte: number): void {
    const digit = hexDigit(byte)
    if (this.#at === 'first digit') {
      if (digit < 0) throw violation('a chunk without a size')
      this.#left = digit
      this.#digits = 1
      this.#skipped = 0
      this.#at = 'digits'
    } else if (digit >= 0) {
      if (++this.#digits > MAX_DIGITS) throw violation('a chunk that is too large')
      this.#left = this.#left * 16 + digit
    } else if (byte === CR) this.#at = 'line end'
    else if (byte === SEMICOLON) this.#at = 'extension'
    else throw violation('a chunk size that is no number')
  }

  #tail(byte: number): void {
    switch (this.#at) {
      case 'trailer start':
        if (byte === CR) {
          this.#at = 'last LF'
          return
        }
        this.#at = 'trailer'
        return this.#skip(byte)
      case 'trailer':
        if (byte === CR) this.#at = 'trailer end'
        else this.#skip(byte)
        return
      case 'trailer end':
        this.#expect(byte, LF)
        this.#at = 'trailer start'
        return
      default:
        this.#expect(byte, LF)
        this.#at = 'over'
    }
  }

  #skip(byte: number): void {
    if (++this.#skipped > MAX_SKIPPED) throw violation('too much beside the body')
    if ((byte < 0x20 && byte !== TAB) || byte === 0x7f) throw violation('a control character beside the body')
  }

  #expect(byte: number, wanted: number): void {
    if (byte !== wanted) throw violation('a line of a chunked body that does not end as it must')
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

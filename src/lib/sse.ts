/** Where the events of a stream go (WHATWG HTML, server-sent events). */
export interface SseSink {
  /** The next bytes of the current event's data; lines are joined by a line feed. */
  data(chunk: Buffer): void
  /** An event that had data (even empty) or a retry time has ended. */
  endEvent(event: SseEvent): void
  /** The stream breaks our bounds; nothing follows. */
  invalid(why: string): void
}

export interface SseEvent {
  /** The type: `message` unless the event says otherwise. */
  readonly event: string
  /** The newest id of the stream; undefined before the first. */
  readonly id: string | undefined
  /** Milliseconds to wait before connecting again, if this event said so. */
  readonly retry: number | undefined
}

const LF = 0x0a
const CR = 0x0d
const COLON = 0x3a
const SPACE = 0x20
const NEWLINE = Buffer.from('\n')
/** Lines other than data are short. */
const LONGEST_LINE = 16_384

/** Reads an event stream as it arrives; data is handed on at once and never collected. */
export class SseReader {
  readonly #sink: SseSink
  /** The field name, or the whole line, as far as it has come. */
  #line = ''
  /** The line's first colon has passed: it is neither data nor a comment. */
  #named = false
  /** Within a line of data (#line is done), within a comment, or in a line that is still collected. */
  #mode: 'line' | 'data' | 'skip' = 'line'
  /** The byte after `data:` is still to come: one space there is not data. */
  #atValue = false
  #afterCr = false
  #start = 0
  #hasData = false
  #event = ''
  #id: string | undefined
  #retry: number | undefined
  #broken = false

  constructor(sink: SseSink) {
    this.#sink = sink
  }

  push(chunk: Buffer): void {
    let i = this.#skipMark(chunk)
    while (i < chunk.length && !this.#broken) {
      if (this.#afterCr) {
        this.#afterCr = false
        if (chunk[i] === LF) i++
      } else if (this.#mode === 'line') i = this.#collect(chunk, i)
      else i = this.#value(chunk, i)
    }
  }

  /** A byte order mark may begin the stream. */
  #skipMark(chunk: Buffer): number {
    let i = 0
    while (this.#start < 3 && i < chunk.length && chunk[i] === 'ï»¿'.charCodeAt(this.#start)) {
      this.#start++
      i++
    }
    if (i < chunk.length && this.#start < 3) {
      if (this.#start > 0) this.#fail('the stream begins with half a byte order mark')
      this.#start = 3
    }
    return i
  }

  /** Collects a line up to the colon that shows it to be data, or to its end. */
  #collect(chunk: Buffer, from: number): number {
    for (let i = from; i < chunk.length; i++) {
      const c = chunk[i]!
      if (c === LF || c === CR) {
        this.#line += chunk.toString('latin1', from, i)
        this.#endLine(c)
        return i + 1
      }
      if (c !== COLON || this.#named) continue
      this.#named = true
      const name = this.#line + chunk.toString('latin1', from, i)
      if (name === 'data') return this.#beginData(i)
      if (name === '') {
        this.#mode = 'skip'
        return i + 1
      }
    }
    this.#line += chunk.toString('latin1', from)
    if (this.#line.length > LONGEST_LINE) this.#fail('a line of the event stream is too long')
    return chunk.length
  }

  #beginData(colon: number): number {
    this.#mode = 'data'
    this.#atValue = true
    if (this.#hasData) this.#sink.data(NEWLINE)
    this.#hasData = true
    return colon + 1
  }

  /** The rest of a line of data, which is handed on, or of a comment, which is not. */
  #value(chunk: Buffer, from: number): number {
    let start = from
    if (this.#atValue) {
      this.#atValue = false
      if (this.#mode === 'data' && chunk[from] === SPACE) start++
    }
    const end = lineEnd(chunk, start)
    if (this.#mode === 'data' && end > start) this.#sink.data(chunk.subarray(start, end))
    if (end === chunk.length) return end
    this.#line = ''
    this.#named = false
    this.#mode = 'line'
    this.#afterCr = chunk[end] === CR
    return end + 1
  }

  #endLine(terminator: number): void {
    this.#afterCr = terminator === CR
    const line = Buffer.from(this.#line, 'latin1').toString('utf8')
    this.#line = ''
    this.#named = false
    if (line === '') return this.#dispatch()
    const colon = line.indexOf(':')
    const name = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (name === 'event') this.#event = value
    else if (name === 'id' && !value.includes('\0')) this.#id = value
    else if (name === 'retry' && /^\d{1,9}$/.test(value)) this.#retry = Number(value)
    else if (name === 'data') {
      // A line that says only `data` is an empty line of data.
      if (this.#hasData) this.#sink.data(NEWLINE)
      this.#hasData = true
    }
  }

  #dispatch(): void {
    const event: SseEvent = { event: this.#event || 'message', id: this.#id, retry: this.#retry }
    const had = this.#hasData
    this.#hasData = false
    this.#event = ''
    this.#retry = undefined
    if (had || event.retry !== undefined) this.#sink.endEvent(event)
  }

  #fail(why: string): void {
    this.#broken = true
    this.#sink.invalid(why)
  }
}

function lineEnd(chunk: Buffer, from: number): number {
  const lf = chunk.indexOf(LF, from)
  const end = lf === -1 ? chunk.length : lf
  const cr = chunk.subarray(from, end).indexOf(CR)
  return cr === -1 ? end : from + cr
}

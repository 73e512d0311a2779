import { connect, type Socket } from 'node:net'

/** What came back for one request. */
export interface Heard {
  /** 0: the connection ended first. */
  readonly status: number
  readonly retryAfter: boolean
  readonly bytes: number
  /** At most the first 4 KiB of the body. */
  readonly start: string
}

const START_BYTES = 4096
const LAST_CHUNK = '0\r\n\r\n'

/** A connection for one request at a time. Of an answer it keeps the head and the beginning, whatever its length. */
export class Line {
  readonly #socket: Socket
  #heard: ((heard: Heard) => void) | undefined
  #text = ''
  #headEnd = -1
  #left = 0
  #bytes = 0
  #tail = ''

  constructor(at: URL, ready: () => void) {
    this.#socket = connect({ host: at.hostname, port: Number(at.port), noDelay: true }, ready)
    this.#socket.on('data', (piece) => this.#receive(piece))
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => this.#finish(0))
  }

  /** Free for another request. */
  get usable(): boolean {
    return this.#heard === undefined && !this.#socket.destroyed && this.#socket.writable
  }

  /** Bytes of an answer's body have come. */
  get hears(): boolean {
    return this.#bytes > 0
  }

  send(bytes: Buffer, heard: (heard: Heard) => void): void {
    this.#heard = heard
    this.#text = ''
    this.#tail = ''
    this.#headEnd = -1
    this.#bytes = 0
    this.#socket.write(bytes)
  }

  /** Gives up at once, as a client does that goes away. */
  cut(): void {
    this.#socket.destroy()
  }

  #receive(piece: Buffer): void {
    if (this.#headEnd < 0) {
      this.#text += piece.toString('latin1')
      this.#headEnd = this.#text.indexOf('\r\n\r\n')
      if (this.#headEnd < 0) return
      const length = /\r\ncontent-length: *(\d+)/i.exec(this.#text.slice(0, this.#headEnd))?.[1]
      const body = this.#text.length - this.#headEnd - 4
      this.#left = length === undefined ? Infinity : Number(length) - body
      this.#bytes = body
    } else {
      this.#left -= piece.length
      this.#bytes += piece.length
      if (this.#text.length < START_BYTES) this.#text += piece.toString('latin1')
    }
    this.#tail = (this.#tail + piece.toString('latin1', Math.max(0, piece.length - 5))).slice(-5)
    if (this.#left <= 0 || (this.#left === Infinity && this.#tail === LAST_CHUNK)) this.#finish(this.#statusOf())
  }

  #statusOf(): number {
    return Number(this.#text.slice(9, 12))
  }

  #finish(status: number): void {
    const heard = this.#heard
    this.#heard = undefined
    if (heard === undefined) return
    const head = this.#text.slice(0, Math.max(0, this.#headEnd)).toLowerCase()
    if (head.includes('\r\nconnection: close')) this.#socket.destroy()
    const start = this.#headEnd < 0 ? '' : this.#text.slice(this.#headEnd + 4, this.#headEnd + 4 + START_BYTES)
    heard({ status, retryAfter: head.includes('\r\nretry-after:'), bytes: this.#bytes, start })
  }
}

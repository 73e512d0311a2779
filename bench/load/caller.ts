import { connect, type Socket } from 'node:net'
import { FIRST_ID } from './target.ts'

/** One connection that calls again as soon as it is answered. Reads just enough HTTP to know where an answer ends. */
export class Caller {
  readonly #socket: Socket
  readonly #request: Buffer
  readonly #idAt: number
  readonly #answered: (ms: number, ok: boolean) => void
  #id: number
  #received: Buffer[] = []
  #size = 0
  #expected = -1
  #sentAt = 0
  #stopped = false

  constructor(
    at: URL,
    request: { bytes: Buffer; idAt: number; first: number },
    answered: (ms: number, ok: boolean) => void,
  ) {
    this.#request = Buffer.from(request.bytes)
    this.#idAt = request.idAt
    this.#id = FIRST_ID + request.first
    this.#answered = answered
    this.#socket = connect({ host: at.hostname, port: Number(at.port), noDelay: true }, () => this.#send())
    this.#socket.on('data', (chunk) => this.#receive(chunk))
    this.#socket.on('error', () => this.#answered(0, false))
    this.#socket.on('close', () => !this.#stopped && this.#answered(0, false))
  }

  stop(): void {
    this.#stopped = true
    this.#socket.destroy()
  }

  #send(): void {
    this.#request.write(String(this.#id++), this.#idAt, 'latin1')
    this.#received = []
    this.#size = 0
    this.#expected = -1
    this.#sentAt = performance.now()
    this.#socket.write(this.#request)
  }

  #receive(chunk: Buffer): void {
    this.#received.push(chunk)
    this.#size += chunk.length
    if (this.#expected < 0 && !this.#readHead()) return
    if (!this.#isWhole(chunk)) return
    const first = this.#received[0] as Buffer
    const whole = first.length > 12 && this.#received.length === 1 ? first : Buffer.concat(this.#received)
    const ok = whole.subarray(9, 12).toString('latin1') === '200' && whole.includes('"result"')
    this.#answered(performance.now() - this.#sentAt, ok)
    if (!this.#stopped) this.#send()
  }

  /** Sets how many bytes the answer has; Infinity: chunked. */
  #readHead(): boolean {
    const start = this.#received.length === 1 ? (this.#received[0] as Buffer) : Buffer.concat(this.#received)
    const end = start.indexOf('\r\n\r\n')
    if (end < 0) return false
    const head = start.subarray(0, end).toString('latin1').toLowerCase()
    const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1]
    this.#expected = length === undefined ? Infinity : end + 4 + Number(length)
    return true
  }

  #isWhole(last: Buffer): boolean {
    if (this.#expected !== Infinity) return this.#size >= this.#expected
    if (last.length >= 5) return last.subarray(-5).toString('latin1') === '0\r\n\r\n'
    return Buffer.concat(this.#received.slice(-6)).subarray(-5).toString('latin1') === '0\r\n\r\n'
  }
}

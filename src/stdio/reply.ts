import type { Socket } from 'node:net'
import { sseClose, sseOpen, ssePiece } from '#/lib/sse-write.ts'
import { type Fault, faultHeader } from './fault.ts'
import type { Answer } from './handshake.ts'
import { FAULT_HEADER } from './launch.ts'

const KEEP = 'keep-alive: timeout=60\r\n'
const JSON_HEAD = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${KEEP}content-length: `
const EVENTS_HEAD = `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n${KEEP}transfer-encoding: chunked\r\n\r\n`
const ACCEPTED = `HTTP/1.1 202 Accepted\r\n${KEEP}content-length: 0\r\n\r\n`
const LAST_CHUNK = '0\r\n\r\n'
/** An answer of up to this size leaves with its head as one text. */
const TOGETHER = 16 << 10
/** Events that wait for a reader who does not read. */
const MAX_UNREAD = 4 << 20

/** The answer to one request on a worker's connection: JSON, or events of which the last may be the answer. */
export class Reply {
  readonly #socket: Socket
  readonly #over: () => void
  #state: 'open' | 'streaming' | 'over' = 'open'

  /** `over`: the connection may bring the next request. */
  constructor(socket: Socket, over: () => void) {
    this.#socket = socket
    this.#over = over
  }

  get streaming(): boolean {
    return this.#state === 'streaming'
  }

  /** The line with the id of whoever asked in place of ours. */
  answer({ line, start, end }: Answer, id: Buffer): void {
    if (this.#state === 'streaming') {
      this.event(Buffer.concat([line.subarray(0, start), id, line.subarray(end)]))
      return this.end()
    }
    const length = line.length - (end - start) + id.length
    const head = `${JSON_HEAD}${String(length)}\r\n\r\n`
    if (length <= TOGETHER) {
      const text = head + line.toString('latin1', 0, start) + id.toString('latin1') + line.toString('latin1', end)
      this.#socket.write(text, 'latin1')
    } else {
      this.#socket.cork()
      this.#socket.write(head, 'latin1')
      for (const part of [line.subarray(0, start), id, line.subarray(end)]) this.#socket.write(part)
      this.#socket.uncork()
    }
    this.#finish()
  }

  /** A JSON message of our own. */
  json(message: string): void {
    const body = Buffer.from(message)
    this.answer({ line: body, start: 0, end: 0 }, NOTHING)
  }

  accepted(): void {
    this.#socket.write(ACCEPTED, 'latin1')
    this.#finish()
  }

  /** From here on the answer is a stream of events. */
  stream(): void {
    if (this.#state !== 'open') return
    this.#state = 'streaming'
    this.#socket.write(EVENTS_HEAD, 'latin1')
  }

  /** One event. Where nobody reads what is there already, the connection is cut: that request has lost its caller. */
  event(message: Buffer): void {
    this.stream()
    if (this.#state !== 'streaming') return
    if (this.#socket.writableLength > MAX_UNREAD) return void this.#socket.destroy()
    const parts = [sseOpen(), ssePiece(message), sseClose()]
    const size = parts.reduce((sum, part) => sum + part.length, 0)
    this.#socket.write(Buffer.concat([Buffer.from(`${size.toString(16)}\r\n`), ...parts, Buffer.from('\r\n')]))
  }

  end(): void {
    if (this.#state === 'streaming') this.#socket.write(LAST_CHUNK, 'latin1')
    this.#finish()
  }

  fault(fault: Fault): void {
    // A stream that has begun can only break off.
    if (this.#state === 'streaming') return void this.#socket.destroy()
    if (this.#state === 'over') return
    const status = fault.mayHaveRun === true ? '500 Internal Server Error' : '424 Failed Dependency'
    const head = `HTTP/1.1 ${status}\r\n${KEEP}content-length: 0\r\n${FAULT_HEADER}: ${faultHeader(fault)}\r\n\r\n`
    this.#socket.write(head, 'latin1')
    this.#finish()
  }

  #finish(): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#over()
  }
}

const NOTHING = Buffer.alloc(0)

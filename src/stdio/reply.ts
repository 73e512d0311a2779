import { sseClose, sseOpen, ssePiece } from '#/lib/sse-write.ts'
import { type Fault, faultHeader } from './fault.ts'
import type { Answer } from './handshake.ts'
import { KIND } from './kinds.ts'
import type { Outlet } from './outlet.ts'

/** An answer of up to this size is one frame. */
const TOGETHER = 64 << 10
/** Events that wait for a reader who does not read. */
const MAX_UNREAD = 4 << 20
const NOTHING = Buffer.alloc(0)

/** The answer to one request of a worker: JSON, or events of which the last may be the answer. */
export class Reply {
  readonly #outlet: Outlet
  readonly #cut: () => void
  #state: 'open' | 'streaming' | 'over' = 'open'

  /** `cut`: a stream that has begun has to break off. */
  constructor(outlet: Outlet, cut: () => void) {
    this.#outlet = outlet
    this.#cut = cut
  }

  /** The line with the id of whoever asked in place of ours. */
  answer({ line, start, end }: Answer, id: Buffer): void {
    if (this.#state === 'over') return
    const parts = [line.subarray(0, start), id, line.subarray(end)] as const
    if (this.#state === 'streaming') {
      this.event(Buffer.concat(parts))
      return this.end()
    }
    this.#state = 'over'
    if (line.length - (end - start) + id.length <= TOGETHER) return this.#outlet.answer(parts)
    this.#outlet.start(KIND.json)
    for (const part of parts) this.#outlet.data(part)
    this.#outlet.end()
  }

  /** A JSON message of our own. */
  json(message: string): void {
    this.answer({ line: Buffer.from(message), start: 0, end: 0 }, NOTHING)
  }

  accepted(): void {
    if (this.#state !== 'open') return
    this.#state = 'over'
    this.#outlet.whole(KIND.accepted)
  }

  /** From here on the answer is a stream of events. */
  stream(): void {
    if (this.#state !== 'open') return
    this.#state = 'streaming'
    this.#outlet.start(KIND.events)
  }

  /** One event. Where nobody reads what is there already, the stream is cut: that request has lost its caller. */
  event(message: Buffer): void {
    this.stream()
    if (this.#state !== 'streaming') return
    if (this.#outlet.queued > MAX_UNREAD) return this.#breakOff()
    for (const part of [sseOpen(), ssePiece(message), sseClose()]) this.#outlet.data(part)
  }

  end(): void {
    if (this.#state !== 'streaming') return
    this.#state = 'over'
    this.#outlet.end()
  }

  fault(fault: Fault): void {
    // A stream that has begun can only break off.
    if (this.#state === 'streaming') return this.#breakOff()
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#outlet.whole(fault.mayHaveRun === true ? KIND.late : KIND.fault, Buffer.from(faultHeader(fault)))
  }

  #breakOff(): void {
    this.#state = 'over'
    this.#cut()
  }
}

import { JsonStream } from '#/lib/json-stream.ts'
import type { LineOutput, OpenLine } from './line-output.ts'

/** Up to here a message is held until it is whole; what is larger goes on as it comes. */
const HELD_BYTES = 256 << 10

export interface RelayedMessage {
  /** It has no method: the answer to a request. */
  readonly isAnswer: boolean
  /** Where it was small enough to be held. */
  readonly bytes: Buffer | undefined
}

/** One message on its way to the client, in pieces. Nothing of it is written before it is whole or too large to hold. */
export class MessageRelay {
  readonly #output: LineOutput
  readonly #json: JsonStream
  #held: Buffer[] = []
  #size = 0
  #line: OpenLine | undefined
  #hasMethod = false

  constructor(output: LineOutput) {
    this.#output = output
    let depth = 0
    this.#json = new JsonStream({
      key: (key) => void (this.#hasMethod ||= key === 'method'),
      value: () => depth++ === 0,
      valueEnd: () => {},
      close: () => {},
    })
  }

  /** The client has seen a part of it. */
  get begun(): boolean {
    return this.#line !== undefined
  }

  /** Throws a JsonFault where the bytes are no JSON. */
  async push(bytes: Buffer): Promise<void> {
    this.#json.push(bytes)
    if (this.#line !== undefined) return await this.#line.write(bytes)
    this.#held.push(bytes)
    this.#size += bytes.length
    if (this.#size <= HELD_BYTES) return
    const line = (this.#line = await this.#output.begin())
    for (const piece of this.#held.splice(0)) await line.write(piece)
  }

  /** The message is whole; `seen` hears of it before the client does. */
  async end(seen: (message: RelayedMessage) => void): Promise<void> {
    this.#json.end()
    const bytes = this.#line === undefined ? Buffer.concat(this.#held) : undefined
    seen({ isAnswer: !this.#hasMethod, bytes })
    if (bytes === undefined) this.#finish()
    else await this.#output.line(bytes)
  }

  /** Nothing more comes. What the client has seen of it is ended, so that the next message stands on a line of its own. */
  abandon(): void {
    this.#finish()
  }

  #finish(): void {
    this.#line?.[Symbol.dispose]()
    this.#line = undefined
  }
}

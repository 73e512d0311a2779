import { once } from 'node:events'
import type { Writable } from 'node:stream'

/** Writes messages, each on a line of its own, one after the other however many are being made. */
export class LineOutput {
  readonly #stream: Writable
  readonly #gone: AbortSignal
  #turn: Promise<void> = Promise.resolve()

  /** `gone`: nobody reads any more. */
  constructor(stream: Writable, gone: AbortSignal) {
    this.#stream = stream
    this.#gone = gone
  }

  async line(message: Buffer): Promise<void> {
    using turn = await this.begin()
    await turn.write(message)
  }

  /** Waits until nobody else is in the middle of a line. Disposing ends the line. */
  async begin(): Promise<OpenLine> {
    const before = this.#turn
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#turn = promise
    await before
    return {
      write: (bytes) => this.#write(onOneLine(bytes)),
      [Symbol.dispose]: () => {
        if (!this.#gone.aborted) this.#stream.write('\n')
        resolve()
      },
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    this.#gone.throwIfAborted()
    if (!this.#stream.write(bytes)) await once(this.#stream, 'drain', { signal: this.#gone })
  }
}

export interface OpenLine extends Disposable {
  /** Resolves when more may come. */
  write(bytes: Buffer): Promise<void>
}

/** A line end within JSON can only stand between its tokens, where a space means the same. */
function onOneLine(bytes: Buffer): Buffer {
  if (!bytes.includes(LF) && !bytes.includes(CR)) return bytes
  const copy = Buffer.from(bytes)
  for (const [at, byte] of bytes.entries()) if (byte === LF || byte === CR) copy[at] = SPACE
  return copy
}

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20

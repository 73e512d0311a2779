import type { Readable } from 'node:stream'
import { LineReader } from './line-reader.ts'
import { Throttle } from './throttle.ts'

/** In a tenth of a second: how much is read at all, and how much of it is kept as lines. */
const MOST_READ = 4 << 20
const MOST_KEPT = 64 << 10
const MAX_LINE = 4096

/** Turns what a server writes to stderr into lines. Of a flood only so much is looked at; the rest is counted. */
export class StderrReader implements Disposable {
  readonly #write: (text: string) => void
  readonly #throttle: Throttle
  readonly #kept: Throttle
  readonly #lines: LineReader
  #leftOut = 0

  constructor(stream: Readable, write: (text: string) => void) {
    this.#write = write
    this.#throttle = new Throttle(stream, MOST_READ)
    // Never spends so much that it would hold the stream back.
    this.#kept = new Throttle(stream, Infinity)
    this.#lines = new LineReader(MAX_LINE, {
      line: (line) => write(line.toString().trimEnd()),
      tooLong: (head) => write(`${head.toString()} …`),
    })
    stream.on('data', (chunk: Buffer) => this.#push(chunk))
    stream.on('error', () => {})
  }

  finish(): void {
    this.#lines.finish()
    this.#tellLeftOut()
  }

  #push(chunk: Buffer): void {
    this.#throttle.spend(chunk.length)
    const room = MOST_KEPT - this.#kept.spent
    if (room <= 0) {
      this.#leftOut += chunk.length
      return
    }
    this.#tellLeftOut()
    this.#kept.spend(chunk.length)
    this.#lines.push(chunk)
  }

  #tellLeftOut(): void {
    if (this.#leftOut > 0) this.#write(`… ${this.#leftOut} bytes left out …`)
    this.#leftOut = 0
  }

  [Symbol.dispose](): void {
    this.#throttle[Symbol.dispose]()
    this.#kept[Symbol.dispose]()
  }
}

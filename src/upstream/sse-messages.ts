import { JsonFault } from '#/lib/json-fault.ts'
import { JsonStream, type JsonVisitor } from '#/lib/json-stream.ts'
import type { Range } from '#/mcp/frame.ts'
import { type Json, parseMessage } from './messages.ts'

/** Where the bytes of one answer go. */
export interface AnswerTaker {
  bytes(chunk: Buffer): void
  end(): void
  /** The answer is too large for what it would take to find out whose it is. */
  tooLarge(limit: number): void
}

/** Whose the messages of a shared stream are. */
export interface Addressees {
  /** Who awaits the answer with this id; undefined: nobody does (any more). */
  answer(id: unknown): AnswerTaker | undefined
  /** Everything that is no answer. */
  other(message: Json, bytes: Buffer): void
}

/** Up to here a message is read as a whole; a longer one passes on as soon as it has said whose it is. */
const WHOLE = 64 << 10
/** What is held of a message that has not. Many servers write the id last. */
export const UNKNOWN_LIMIT = 16 << 20
/** What is larger and no answer that has said whose it is, is left out. */
const OTHER_LIMIT = 1 << 20

const NOBODY: AnswerTaker = { bytes() {}, end() {}, tooLarge() {} }

/** Hands each message of a stream that many calls share to the one that awaits it, as the bytes that came. */
export class SharedMessages {
  readonly #to: Addressees
  #chunks: Buffer[] = []
  #size = 0
  /** Bytes that had to be let go before it was known whose they are. */
  #lost = 0
  #taker: AnswerTaker | undefined
  #envelope: Envelope | undefined

  constructor(to: Addressees) {
    this.#to = to
  }

  push(chunk: Buffer): void {
    if (this.#taker !== undefined) return this.#taker.bytes(chunk)
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size + this.#lost <= WHOLE) return
    if (this.#envelope !== undefined) this.#look(chunk)
    else {
      this.#envelope = new Envelope()
      for (const each of this.#chunks.slice()) if (this.#taker === undefined) this.#look(each)
    }
  }

  /** The message has ended. `meant`: its event is one that carries messages. */
  end(meant: boolean): void {
    const taker = this.#taker
    const chunks = this.#chunks
    const whole = this.#lost === 0
    this.#reset()
    if (taker !== undefined) taker.end()
    else if (whole && meant) this.#whole(Buffer.concat(chunks))
  }

  #whole(bytes: Buffer): void {
    if (bytes.length > OTHER_LIMIT) return
    const message = parseMessage(bytes)
    if (message === undefined) return
    if (message['method'] !== undefined) return this.#to.other(message, bytes)
    // Read loosely here, it is judged by whoever takes it.
    const taker = this.#to.answer(message['id'])
    taker?.bytes(bytes)
    taker?.end()
  }

  #look(chunk: Buffer): void {
    const id = this.#envelope?.push(chunk)
    if (id !== undefined) return this.#found(id)
    const [first] = this.#chunks
    if (this.#size <= UNKNOWN_LIMIT || first === undefined || this.#chunks.length < 3) return
    this.#chunks.shift()
    this.#size -= first.length
    this.#lost += first.length
  }

  #found({ start, end }: Range): void {
    const bytes = Buffer.concat(this.#chunks)
    const text = bytes.toString('latin1', start - this.#lost, end - this.#lost)
    const taker = this.#to.answer(/^\d{1,15}$/.test(text) ? Number(text) : text)
    this.#chunks = []
    this.#taker = taker === undefined || this.#lost > 0 ? NOBODY : taker
    if (this.#lost > 0) taker?.tooLarge(UNKNOWN_LIMIT)
    else taker?.bytes(bytes)
  }

  #reset(): void {
    this.#chunks = []
    this.#size = 0
    this.#lost = 0
    this.#taker = undefined
    this.#envelope = undefined
  }
}

/** Looks for what says whose an answer is: its id, and that it is an answer at all, for servers count their own requests too. */
class Envelope implements JsonVisitor {
  readonly #json = new JsonStream(this)
  #key = ''
  #depth = 0
  #at = 0
  #id: Range | undefined
  #answers = false
  #broken = false

  /** The place of the id once it is certain; undefined until then, and where it is no answer. */
  push(chunk: Buffer): Range | undefined {
    try {
      if (!this.#broken) this.#json.push(chunk)
    } catch (fault) {
      if (!(fault instanceof JsonFault)) throw fault
      this.#broken = true
    }
    return this.#answers ? this.#id : undefined
  }

  key(key: string): void {
    this.#key = key
    if (key === 'result' || key === 'error') this.#answers = true
  }

  value(at: number): boolean {
    this.#at = at
    return this.#depth++ === 0
  }

  valueEnd(end: number): void {
    if (--this.#depth === 1 && this.#key === 'id') this.#id = { start: this.#at, end }
  }

  close(): void {}
}

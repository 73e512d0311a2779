import { CLOSE_OBJECT, SPACE } from '#/lib/json-bytes.ts'
import { JsonFault } from '#/lib/json-fault.ts'
import { JsonStream } from '#/lib/json-stream.ts'
import { visitWhole } from '#/lib/json-visit.ts'
import { JsonWindow } from '#/lib/json-window.ts'
import type { Frame } from './frame.ts'
import { isOldContent } from './old-content.ts'
import { readFrame } from './read-frame.ts'
import { relayError } from './relay-error.ts'
import { relayNotification } from './relay-notification.ts'
import type { AnswerRelay, RelayOutput, RelayPlan } from './relay.ts'
import { ResultStream } from './result-stream.ts'

/** A message that is no result is read as a whole; so is what comes before we know. */
const WHOLE_LIMIT = 1 << 20
/** What may be held back of a result: undecided, or waiting for its resultType. */
const HOLD_LIMIT = 64 << 10
/** A first chunk of no more than this that ends like a message waits for the next event: mostly it is the message. */
const SMALL = 16 << 10

/** Relays the messages of one upstream response; see RelayPlan for what is translated. */
export function createAnswerRelay(plan: RelayPlan, out: RelayOutput): AnswerRelay {
  return new Relay(plan, out)
}

class Relay implements AnswerRelay {
  readonly #plan: RelayPlan
  readonly #out: RelayOutput
  #window = new JsonWindow()
  #result: ResultStream
  #json: JsonStream | undefined
  /** All that has come of the message, while it may be all of it. */
  #first: Buffer | undefined
  /** The message as it came, until it is known to be a result. */
  #raw: Buffer[] = []
  #rawSize = 0
  #wrote = false
  #over = false
  /** The last message was no answer. */
  #afterMessage = false

  constructor(plan: RelayPlan, out: RelayOutput) {
    this.#plan = plan
    this.#out = out
    this.#result = new ResultStream(plan, this.#window)
  }

  push(chunk: Buffer): void {
    if (this.#over || chunk.length === 0) return
    const first = this.#first
    if (first !== undefined) {
      this.#first = undefined
      this.#stream(first)
    } else if (this.#mayBeWhole(chunk)) {
      this.#first = chunk
      return
    }
    this.#stream(chunk)
  }

  #mayBeWhole(chunk: Buffer): boolean {
    if (this.#json !== undefined || chunk.length > SMALL || isOldContent(this.#plan.clientRevision)) return false
    const last = chunk[chunk.length - 1]!
    return last === CLOSE_OBJECT || last <= SPACE
  }

  #stream(chunk: Buffer): void {
    if (this.#over) return
    if (this.#result.kind !== 'result') {
      this.#raw.push(chunk)
      this.#rawSize += chunk.length
    }
    if (this.#result.kind === 'error' || this.#result.kind === 'message') {
      if (this.#rawSize > WHOLE_LIMIT) this.#refuse('a notification or error is larger than 1 MiB')
      return
    }
    this.#guard(() => this.#scan(chunk))
  }

  #scan(chunk: Buffer): void {
    const result = this.#result
    this.#window.push(chunk)
    this.#json ??= new JsonStream(result)
    this.#json.push(chunk)
    result.settle()
    if (result.kind === 'result') {
      this.#raw = []
      this.#release()
    } else if (this.#rawSize > WHOLE_LIMIT) this.#refuse('the message does not say within 1 MiB what it is')
  }

  /** Lets out what is decided, unless the message could still be one that the client must not see. */
  #release(): void {
    const { resultType, mustHold } = this.#result
    if (resultType === 'input_required') {
      if (this.#wrote) return this.#refuse('the result says only after 64 KiB that it asks for input')
      return this.#asks()
    }
    if (this.#window.open > HOLD_LIMIT) return this.#refuse('64 KiB without a decision')
    if (mustHold && !this.#wrote && this.#window.decided <= HOLD_LIMIT) return
    const bytes = this.#window.take()
    if (bytes === undefined) return
    this.#wrote = true
    this.#out.answer(bytes)
  }

  #asks(): void {
    this.#over = true
    this.#out.needsInput(undefined)
  }

  endMessage(): void {
    const whole = this.#first
    if (whole !== undefined) {
      this.#first = undefined
      if ((this.#afterMessage && this.#relayMessage(whole)) || this.#relayWhole(whole)) return
      this.#reset()
      this.#stream(whole)
    }
    if (this.#over || (this.#rawSize === 0 && this.#result.kind === 'unknown')) return
    this.#guard(() => {
      if (this.#result.kind === 'error' || this.#result.kind === 'message') this.#endWhole(this.#joined())
      else this.#endResult()
    })
  }

  /** After one notification mostly comes another, which is read but once. False: it is something else, or not as it should be. */
  #relayMessage(bytes: Buffer): boolean {
    const read = readFrame(bytes)
    if (!read.ok || read.frame.kind === 'response') return false
    this.#passOn(read.frame)
    return true
  }

  /** The short way for a message in one chunk. False where it is not as it should be: then the stream says what is wrong. */
  #relayWhole(bytes: Buffer): boolean {
    const result = this.#result
    this.#window.push(bytes)
    try {
      visitWhole(bytes, result)
    } catch (fault) {
      if (fault instanceof JsonFault) return false
      throw fault
    }
    if (result.kind === 'error' || result.kind === 'message') this.#guard(() => this.#endWhole(bytes))
    else if (result.problem() !== undefined) return false
    else if (result.resultType === 'input_required') this.#asks()
    else {
      this.#window.copyTo(bytes.length)
      this.#answered()
    }
    return true
  }

  #endResult(): void {
    this.#json?.end()
    const problem = this.#result.problem()
    if (problem !== undefined) return this.#refuse(problem)
    this.#answered()
  }

  #answered(): void {
    this.#over = true
    const bytes = this.#window.take()
    if (bytes !== undefined) this.#out.answer(bytes)
    this.#out.answered({ kind: 'result', isError: this.#result.isError, errorCode: undefined })
  }

  #joined(): Buffer {
    return this.#raw.length === 1 ? this.#raw[0]! : Buffer.concat(this.#raw, this.#rawSize)
  }

  #endWhole(bytes: Buffer): void {
    const { kind } = this.#result
    this.#reset()
    if (kind === 'error') return this.#endError(bytes)
    const read = readFrame(bytes)
    if (!read.ok) return this.#refuse(read.detail)
    this.#afterMessage = true
    this.#passOn(read.frame)
  }

  #passOn(frame: Frame): void {
    if (frame.kind === 'request') return this.#out.needsInput(frame)
    const message = relayNotification(frame, this.#plan)
    if (message !== undefined) this.#out.notification(message)
  }

  #endError(bytes: Buffer): void {
    const relayed = relayError(bytes, this.#plan)
    this.#over = true
    if (relayed.kind === 'invalid') return this.#out.invalid(relayed.why)
    if (relayed.kind === 'needs-input') return this.#out.needsInput(undefined)
    this.#out.answer(relayed.bytes)
    this.#out.answered({ kind: 'error', isError: false, errorCode: relayed.code })
  }

  /** Ready for the next message of the stream. */
  #reset(): void {
    this.#raw = []
    this.#rawSize = 0
    this.#window = new JsonWindow()
    this.#result = new ResultStream(this.#plan, this.#window)
    this.#json = undefined
  }

  #guard(work: () => void): void {
    try {
      work()
    } catch (fault) {
      if (!(fault instanceof JsonFault)) throw fault
      this.#refuse(fault.message)
    }
  }

  #refuse(why: string): void {
    if (this.#over) return
    this.#over = true
    this.#out.invalid(why)
  }
}

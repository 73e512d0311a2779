import type { Readable, Writable } from 'node:stream'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Frame } from '#/mcp/frame.ts'
import { paramOf, rawOf } from '#/mcp/frame-values.ts'
import { readFrame } from '#/mcp/read-frame.ts'
import { errorBody } from '#/mcp/results.ts'
import type { Era } from '#/mcp/revision.ts'
import { answerRequest, type Asking } from './answer-request.ts'
import { ArgumentMirrors } from './argument-mirrors.ts'
import { GatewayLink, type LinkOptions } from './gateway-link.ts'
import { envelopeVersion } from './headers.ts'
import { LegacySession } from './legacy-session.ts'
import { LineOutput } from './line-output.ts'
import { linesOf, type Line } from './lines.ts'
import { ListenStream } from './listen-stream.ts'

export interface BridgeOptions extends LinkOptions {
  readonly input: Readable
  readonly output: Writable
  /** Ends everything. */
  readonly stop: AbortSignal
  /** How long calls under way may go on after the input has ended. */
  readonly drainMs: number
}

/** A longer line is refused; the gateway's own bound is usually lower. */
const LONGEST_LINE = 64 << 20
/** With more than this under way nothing more is read until some of it is answered. */
const MOST_CALLS = 1000
const MOST_HELD_BYTES = 128 << 20
const GOODBYE_MS = 1000
/** It lasts as long as its client. */
const ENDLESS = 'subscriptions/listen'

/** Between a client on two streams and a gateway at a URL; ends when the client does. */
export async function runBridge(options: BridgeOptions): Promise<void> {
  const { input, output, stop, drainMs } = options
  const end = new AbortController()
  const stopped = (): void => end.abort(stop.reason)
  stop.addEventListener('abort', stopped, { once: true })
  output.once('error', (error) => end.abort(error))
  end.signal.addEventListener('abort', () => input.destroy(), { once: true })
  const bridge = new Bridge(options, end.signal)
  try {
    for await (const line of linesOf(input, LONGEST_LINE)) await bridge.receive(line)
  } catch (error) {
    if (!end.signal.aborted) throw error
  } finally {
    await bridge.drain(drainMs)
    end.abort(new Error('the bridge has ended'))
    await bridge.close()
    stop.removeEventListener('abort', stopped)
  }
}

interface Call {
  readonly era: Era
  readonly method: string
  readonly controller: AbortController
}

class Bridge {
  readonly #asking: Asking
  readonly #listen: ListenStream
  readonly #end: AbortSignal
  /** Requests under way, by their ids. */
  readonly #calls = new Map<string, Call>()
  readonly #underWay = new Set<Promise<void>>()
  #heldBytes = 0
  /** Once it is done, messages of the session can be sent. */
  #opening: Promise<void> = Promise.resolve()

  constructor(options: BridgeOptions, end: AbortSignal) {
    this.#end = end
    this.#asking = {
      link: new GatewayLink(options),
      session: new LegacySession(),
      mirrors: new ArgumentMirrors(),
      output: new LineOutput(options.output, end),
    }
    this.#listen = new ListenStream(this.#asking)
  }

  /** Resolves when there is room for the next message. */
  async receive(line: Line): Promise<void> {
    if (line === null) return await this.#refuse(new GatewayError('too_large', 'a message must be smaller than 64 MiB'))
    const read = readFrame(line)
    if (!read.ok) return await this.#refuse(new GatewayError(read.code, read.detail), read.id)
    this.#begin(read.frame)
    while (this.#underWay.size >= MOST_CALLS || this.#heldBytes > MOST_HELD_BYTES) await Promise.race(this.#underWay)
  }

  #begin(frame: Frame): void {
    this.#heldBytes += frame.bytes.length
    const work = frame.kind === 'request' ? this.#request(frame) : this.#pass(frame)
    // Whoever could be told of a failure has been told.
    const done = work.catch(() => {})
    this.#underWay.add(done)
    void done.finally(() => {
      this.#heldBytes -= frame.bytes.length
      this.#underWay.delete(done)
    })
    if (frame.method === 'initialize') this.#opening = done
  }

  async #request(frame: Frame): Promise<void> {
    const era = envelopeVersion(frame) === undefined ? 'legacy' : 'modern'
    const key = keyOf(frame.id && frame.bytes.subarray(frame.id.start, frame.id.end))
    const controller = new AbortController()
    const ended = (): void => controller.abort(this.#end.reason)
    this.#end.addEventListener('abort', ended, { once: true })
    this.#calls.set(key, { era, method: frame.method, controller })
    try {
      if (era === 'legacy' && frame.method !== 'initialize') await this.#opening
      await answerRequest(this.#asking, { frame, era, signal: controller.signal })
      if (frame.method === 'initialize') this.#listen.start()
    } finally {
      this.#end.removeEventListener('abort', ended)
      if (this.#calls.get(key)?.controller === controller) this.#calls.delete(key)
    }
  }

  /** A notification, or the client's answer to a request of the server: nothing comes back. */
  async #pass(frame: Frame): Promise<void> {
    const cancels = frame.method === 'notifications/cancelled' ? rawOf(frame, paramOf(frame, 'requestId')) : undefined
    const call = cancels && this.#calls.get(keyOf(cancels))
    // To close the stream of a modern request is to cancel it; in any case the answer is not wanted any more.
    call?.controller.abort(new Error('the client cancelled the request'))
    if (call?.era === 'modern') return
    await this.#opening
    const { link, session } = this.#asking
    const sent = { method: 'POST', headers: session.headers(), body: frame.bytes, signal: this.#end } as const
    await (await link.send(sent)).body?.cancel()
  }

  async #refuse(error: GatewayError, id?: Buffer): Promise<void> {
    await this.#asking.output.line(errorBody(error, { id, era: 'legacy' }))
  }

  /** Until everything under way has ended, or `ms` have passed. */
  async drain(ms: number): Promise<void> {
    this.#listen.close()
    for (const { method, controller } of this.#calls.values())
      if (method === ENDLESS) controller.abort(new Error('nobody listens any more'))
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms)
    const all = async (): Promise<void> => {
      while (this.#underWay.size > 0) await Promise.all(this.#underWay)
    }
    await Promise.race([all(), late])
    clearTimeout(timer)
  }

  /** Tells the gateway that the session is over; it forgets the session by itself where this does not arrive. */
  async close(): Promise<void> {
    await Promise.all(this.#underWay)
    const { link, session } = this.#asking
    if (session.id === undefined) return
    const signal = AbortSignal.timeout(GOODBYE_MS)
    await link.send({ method: 'DELETE', headers: session.headers(), signal }).catch(() => {})
  }
}

/** Ids are compared as JSON values: 1 and "1" are two, "a" and "\u0061" are one. */
function keyOf(raw: Buffer = Buffer.alloc(0)): string {
  const text = raw.toString()
  return text.startsWith('"') ? JSON.stringify(JSON.parse(text)) : text
}

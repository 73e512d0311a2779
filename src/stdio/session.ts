import { Pending } from '#/lib/pending.ts'
import { isObject } from '#/lib/is-object.ts'
import { splice } from '#/lib/json-splice.ts'
import { ssePiece } from '#/lib/sse-write.ts'
import type { Frame, Range } from '#/mcp/frame.ts'
import {
  answerToServer,
  cancelledNotification,
  listenRequest,
  type Ourselves,
  setLevelRequest,
} from '#/mcp/upstream-requests.ts'
import type { Command } from './command.ts'
import { type Fault, StdioFault } from './fault.ts'
import { type Answer, type Identity, type Line, shakeHands } from './handshake.ts'
import type { LogBook } from './log-book.ts'
import { idOfCut, readLine } from './read-line.ts'
import { MAX_LINE, ServerProcess } from './server-process.ts'

/** Whoever waits for an answer: exactly one of `answer` and `fault`, with any number of events before it. */
export interface Asker {
  answer(answer: Answer): void
  /** A notification that belongs to this request. */
  event(message: Buffer): void
  fault(fault: Fault): void
  /** Raw JSON of its progress token; undefined: it asked for no progress. */
  readonly token: Buffer | undefined
}

export interface SessionOptions {
  readonly command: Command
  readonly log: LogBook
  readonly us: Ourselves
  readonly legacy: boolean
  /** A list of the server changed: the method of its notification. */
  readonly changed: (method: string) => void
  /** It is gone; `how` where it ended by itself. */
  readonly ended: (session: Session, how: string | null) => void
  /** Its process group has begun, or ended. */
  readonly group: (pid: number, alive: boolean) => void
}

/** Of a session, not of one request; or of nobody. */
const NOT_A_CALLS: ReadonlySet<string> = new Set([
  'notifications/cancelled',
  'notifications/resources/updated',
  'notifications/subscriptions/acknowledged',
])
const LIST_CHANGED = /^notifications\/(tools|prompts|resources)\/list_changed$/

let lastId = 0

/** One process and what is said with it. Requests of many callers share its pipe: ids and progress tokens are ours there. */
export class Session {
  readonly startedAt = performance.now()
  usedAt = performance.now()
  readonly ready: Promise<Identity>
  readonly #options: SessionOptions
  readonly #process: ServerProcess
  readonly #calls = new Pending<Asker>()
  /** Requests of our own, which keep nothing alive. */
  readonly #own = new Map<number, Asker>()
  #heard = false
  #end: Fault | undefined
  #asked = false
  #idle: (() => void) | undefined

  constructor(options: SessionOptions) {
    this.#options = options
    this.#process = new ServerProcess(
      options.command,
      {
        line: (line) => this.#read(line),
        tooLong: (head, tail) => this.#tooLong(head, tail),
        ended: (how) => this.#ended(how),
      },
      options.log,
    )
    options.log.write('host', this.pid, 'started')
    if (this.pid !== null) options.group(this.pid, true)
    this.ready = this.#open()
    this.ready.catch(() => {})
  }

  get pid(): number | null {
    return this.#process.pid
  }

  get busy(): number {
    return this.#calls.size
  }

  /** Resolves when nobody waits for it any more. */
  async idle(): Promise<void> {
    if (this.#calls.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
  }

  /** It has written at least one message. */
  get heard(): boolean {
    return this.#heard
  }

  /** Sends a request; whoever gives it up calls `cancel` with the id. */
  send(frame: Frame, asker: Asker): number {
    const id = ++lastId
    if (this.#end !== undefined) {
      asker.fault(this.#end)
      return id
    }
    this.usedAt = performance.now()
    const message = ssePiece(withOurIds(frame, id))
    this.#calls.add(id, asker)
    if (!this.#write(message)) {
      this.#calls.take(id)
      asker.fault({ code: 'upstream_busy', message: 'the server does not read what is sent to it', retryAfter: 5 })
      this.#checkIdle()
    }
    return id
  }

  cancel(id: number): void {
    if (this.#calls.take(id) === undefined) return
    this.#write(cancelledNotification(id, 'the client cancelled, or the deadline passed'))
    this.#checkIdle()
  }

  /** Ends the process; what still waits hears `why` at once. */
  async stop(why: Fault): Promise<void> {
    this.#asked = true
    this.#fail(why)
    await this.#process.stop()
  }

  #write(message: Buffer): boolean {
    return this.#process.write(message)
  }

  // ── its beginning ──

  async #open(): Promise<Identity> {
    const line: Line = {
      ask: (write) => new Promise((resolve, reject) => this.#ask(write, { resolve, reject })),
      tell: (message) => this.#write(message),
    }
    const identity = await shakeHands(line, this.#options)
    if (identity.era === 'modern') this.#listen(identity)
    else if (isObject(identity.capabilities['logging'])) this.#ask((id) => setLevelRequest(id, 'debug'), NOBODY)
    return identity
  }

  #ask(
    write: (id: number) => Buffer,
    settle: { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void },
  ): void {
    const id = ++lastId
    if (this.#end !== undefined) return settle.reject(new StdioFault(this.#end))
    const fault = (why: Fault): void => settle.reject(new StdioFault(why))
    this.#own.set(id, { answer: settle.resolve, event: () => {}, fault, token: undefined })
    this.#write(write(id))
  }

  /** Follows a modern server's lists for as long as it runs. */
  #listen({ capabilities }: Identity): void {
    const announces = ['tools', 'prompts', 'resources'].some((kind) => {
      const capability = capabilities[kind]
      return isObject(capability) && capability['listChanged'] === true
    })
    if (announces) this.#ask((id) => listenRequest(id, this.#options.us), NOBODY)
  }

  // ── what it says ──

  #read(line: Buffer): void {
    const read = readLine(line)
    if (read.kind === 'answer') {
      const asker = this.#take(read.id)
      // A late answer to what was given up is nobody's; too many of those are a flood like any other.
      if (asker === undefined) return this.#process.unasked()
      this.#heard = true
      asker.answer({ line, start: read.start, end: read.end })
      return this.#checkIdle()
    }
    this.#process.unasked()
    if (read.kind === 'junk') this.#options.log.write('stdout', this.pid, line.toString('utf8', 0, 8192).trimEnd())
    else this.#message(read.frame)
  }

  #take(id: number): Asker | undefined {
    const asker = this.#calls.take(id)
    if (asker !== undefined) {
      this.usedAt = performance.now()
      return asker
    }
    const own = this.#own.get(id)
    this.#own.delete(id)
    return own
  }

  #message(frame: Frame): void {
    const { method, id, bytes } = frame
    this.#heard = true
    if (id !== undefined) this.#write(answerToServer(bytes.subarray(id.start, id.end), method))
    else if (method === 'notifications/progress') this.#progress(frame)
    else if (LIST_CHANGED.test(method)) this.#options.changed(method)
    // Only where one request runs is it clear whose this is.
    else if (!NOT_A_CALLS.has(method) && this.#calls.size === 1)
      for (const asker of this.#calls.values()) asker.event(bytes)
  }

  #progress(frame: Frame): void {
    const at = frame.members.find(({ key }) => key === 'progressToken')?.value
    if (at === undefined) return
    const asker = this.#calls.get(Number(frame.bytes.toString('latin1', at.start, at.end)))
    if (asker?.token !== undefined) asker.event(splice(frame.bytes, [{ ...at, bytes: asker.token }]))
  }

  #tooLong(head: Buffer, tail: Buffer): void {
    const megabytes = `${MAX_LINE >> 20} MiB`
    this.#options.log.write('host', this.pid, `a message of more than ${megabytes} was left out`)
    const id = idOfCut(head, tail)
    const asker = id === undefined ? undefined : this.#take(id)
    const message = `the server's answer is larger than ${megabytes}`
    asker?.fault({ code: 'upstream_invalid', message, mayHaveRun: true })
    this.#checkIdle()
  }

  #checkIdle(): void {
    if (this.#idle !== undefined && this.#calls.size === 0) this.#idle()
  }

  // ── its end ──

  #ended(how: string): void {
    this.#fail({ code: 'upstream_unreachable', message: `the server's process ended (${how})` })
    if (this.pid !== null) this.#options.group(this.pid, false)
    this.#options.ended(this, this.#asked ? null : how)
  }

  #fail(why: Fault): void {
    this.#end ??= why
    const askers = [...this.#calls.clear(), ...this.#own.values()]
    this.#own.clear()
    const fault = { ...this.#end, mayHaveRun: true }
    for (const asker of askers) asker.fault(fault)
    this.#checkIdle()
  }
}

const NOBODY = { resolve: (): void => {}, reject: (): void => {} }

/** The request as the server sees it: our id, and our id as its progress token too. */
function withOurIds(frame: Frame, id: number): Buffer {
  const bytes = Buffer.from(String(id))
  const at = [frame.id, tokenOf(frame)].filter((range) => range !== undefined)
  const edits = at.map(({ start, end }) => ({ start, end, bytes })).toSorted((a, b) => a.start - b.start)
  return splice(frame.bytes, edits)
}

export function tokenOf(frame: Frame): Range | undefined {
  return frame.meta?.find(({ key }) => key === 'progressToken')?.value
}

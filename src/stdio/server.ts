import { backoff, pause } from '#/lib/backoff.ts'
import { secretsInArguments } from '#/lib/shown-arguments.ts'
import type { Era } from '#/mcp/revision.ts'
import type { Ourselves } from '#/mcp/upstream-requests.ts'
import { commandOf, type Env, type ProcessLimits } from './command.ts'
import { type Fault, faultOf, StdioFault } from './fault.ts'
import type { Identity } from './handshake.ts'
import type { Launch } from './launch.ts'
import type { LogBook } from './log-book.ts'
import { Session } from './session.ts'

export interface ServerOptions {
  readonly launch: Launch
  readonly log: LogBook
  readonly us: Ourselves
  /** Our own environment, of which little is passed on. */
  readonly inherited: Env
  readonly limits: ProcessLimits
  /** Makes room for one more process on this machine, or throws. */
  readonly reserve: () => void
  /** A process group has begun, or ended. */
  readonly group: (pid: number, alive: boolean) => void
}

const RETRY = { firstMs: 250, maxMs: 60_000, jitter: 0 }
/** A process that lived this long was no failure to start. */
const STEADY_MS = 30_000
/** A start that is due so soon is waited for. */
const WORTH_WAITING_MS = 1500
const OPEN_MS = 60_000

interface Held {
  session: Session
  /** The handshake is done. */
  open: boolean
  /** We have ended it. */
  closed: boolean
  readonly opened: Promise<Identity>
}

/** All processes of one gateway in one version of its launch, by whom they serve. */
export class StdioServer {
  readonly launch: Launch
  readonly log: LogBook
  readonly #options: ServerOptions
  readonly #held = new Map<string, Held>()
  readonly #stopping = new Set<Promise<void>>()
  readonly #listeners = new Set<(method: string) => void>()
  #failures = 0
  #retryAt = 0
  #lastEnd = ''
  /** Known to be a legacy server: it is not asked the modern question at every start. */
  #legacy = false
  #era: Era | undefined
  #retired: Fault | undefined
  #finished: Promise<void> | undefined

  constructor(options: ServerOptions) {
    this.#options = options
    this.launch = options.launch
    this.log = options.log
  }

  get retired(): boolean {
    return this.#retired !== undefined
  }

  /** What it spoke when it was last started; undefined: it never was. */
  get era(): Era | undefined {
    return this.#era
  }

  get processes(): number {
    return this.#held.size
  }

  get busy(): number {
    let sum = 0
    for (const { session } of this.#held.values()) sum += session.busy
    return sum
  }

  /** The session of `key`, with its process started if need be. `anew`: also where it has been failing, and without what is known of it. */
  async open(key: string, { anew }: { readonly anew: boolean }): Promise<{ session: Session; identity: Identity }> {
    this.#requireInUse()
    let held = this.#held.get(key)
    if (held === undefined) {
      await this.#untilDue(anew)
      this.#requireInUse()
      if (anew && this.#held.size === 0) this.#legacy = false
      held = this.#held.get(key) ?? this.#start(key)
    }
    const identity = await held.opened
    // It may have taken a second process.
    return { session: held.session, identity }
  }

  /** The session of `key` where its handshake is done. */
  ready(key: string): Session | undefined {
    const held = this.#held.get(key)
    return held?.open === true && this.#retired === undefined ? held.session : undefined
  }

  /** Why it cannot be started now, or undefined. */
  get failing(): Fault | undefined {
    if (this.#retired !== undefined) return this.#retired
    const ms = this.#retryAt - performance.now()
    return ms > 0 && this.#failures > 0 ? this.#keepsEnding(ms) : undefined
  }

  listen(changed: (method: string) => void): Disposable {
    this.#listeners.add(changed)
    return { [Symbol.dispose]: () => this.#listeners.delete(changed) }
  }

  /** Ends the process of one caller. */
  async close(key: string, why: Fault): Promise<void> {
    const held = this.#held.get(key)
    if (held === undefined) return
    held.closed = true
    this.#held.delete(key)
    const stopped = held.session.stop(why)
    this.#stopping.add(stopped)
    await stopped.finally(() => this.#stopping.delete(stopped))
  }

  /** Ends what nobody has used since `before`, and tells how much is left. */
  reap(before: number): void {
    for (const [key, { session, open }] of this.#held)
      if (open && session.busy === 0 && session.usedAt < before) void this.close(key, IDLE)
  }

  /** When the process that could be spared soonest was last used; undefined: all are at work. */
  get spare(): { readonly key: string; readonly usedAt: number } | undefined {
    let found: { key: string; usedAt: number } | undefined
    for (const [key, { session, open }] of this.#held)
      if (open && session.busy === 0 && (found === undefined || session.usedAt < found.usedAt))
        found = { key, usedAt: session.usedAt }
    return found
  }

  /** Nothing of it runs any more, ever. */
  async retire(why: Fault): Promise<void> {
    this.#retired ??= why
    for (const key of this.#held.keys()) void this.close(key, why)
    await Promise.all(this.#stopping)
  }

  /** Takes nothing new: each process ends with its last call, and after `ms` whatever it has in hand. */
  finish(why: Fault, ms: number): Promise<void> {
    this.#finished ??= this.#finishAll(why, ms)
    return this.#finished
  }

  async #finishAll(why: Fault, ms: number): Promise<void> {
    this.#retired ??= why
    const late = setTimeout(() => void this.retire(why), ms)
    await Promise.all(Array.from(this.#held, ([key, held]) => this.#finish(key, held, why)))
    clearTimeout(late)
  }

  async #finish(key: string, held: Held, why: Fault): Promise<void> {
    // What nobody uses gives up its room before its successor asks for some.
    if (held.open && held.session.busy === 0) return await this.close(key, why)
    await held.opened.catch(() => {})
    // Whoever waited for it to open sends now.
    await pause(0)
    await held.session.idle()
    await this.close(key, why)
  }

  #requireInUse(): void {
    if (this.#retired !== undefined) throw new StdioFault(this.#retired)
  }

  async #untilDue(anew: boolean): Promise<void> {
    const ms = this.#retryAt - performance.now()
    if (ms <= 0 || anew) return
    if (ms > WORTH_WAITING_MS) throw new StdioFault(this.#keepsEnding(ms))
    await pause(ms)
  }

  #keepsEnding(ms: number): Fault {
    const seconds = Math.ceil(ms / 1000)
    const message = `the server's process keeps ending (${this.#lastEnd}); it is started again in ${seconds} s`
    return { code: 'upstream_unreachable', message, retryAfter: seconds }
  }

  #start(key: string): Held {
    const { launch, log, inherited, limits, reserve } = this.#options
    const command = commandOf(launch, inherited, limits)
    reserve()
    log.conceal([...Object.values(launch.env), ...secretsInArguments(launch.args)])
    const begin = (legacy: boolean): Session =>
      new Session({
        ...this.#options,
        command,
        legacy,
        changed: (method) => {
          for (const tell of this.#listeners) tell(method)
        },
        ended: (session, how) => this.#ended(key, session, how),
      })
    const opened = Promise.withResolvers<Identity>()
    const held: Held = { session: begin(this.#legacy), open: false, closed: false, opened: opened.promise }
    held.opened.catch(() => {})
    this.#held.set(key, held)
    this.#opening(key, held, begin).then(opened.resolve, opened.reject)
    return held
  }

  async #opening(key: string, held: Held, begin: (legacy: boolean) => Session): Promise<Identity> {
    const late = setTimeout(() => void this.close(key, LATE), OPEN_MS)
    try {
      const identity = await held.session.ready.catch((cause: unknown) => {
        if (this.#legacy || held.session.heard || held.closed) throw cause
        // Some legacy servers end when they are asked anything before initialize.
        this.#failures--
        held.session = begin(true)
        this.#held.set(key, held)
        return held.session.ready
      })
      this.#era = identity.era
      this.#legacy = identity.era === 'legacy'
      held.open = true
      return identity
    } catch (cause) {
      this.#legacy = true
      const fault = faultOf(cause)
      void this.close(key, fault)
      throw new StdioFault({ ...fault, mayHaveRun: false })
    } finally {
      clearTimeout(late)
    }
  }

  #ended(key: string, session: Session, how: string | null): void {
    if (this.#held.get(key)?.session === session) this.#held.delete(key)
    if (how === null) return
    const now = performance.now()
    this.#failures = now - session.startedAt > STEADY_MS ? 1 : this.#failures + 1
    this.#lastEnd = how
    this.#retryAt = now + backoff(this.#failures, RETRY)
  }
}

const IDLE: Fault = { code: 'upstream_unreachable', message: 'the server was ended because nobody used it' }
const LATE: Fault = {
  code: 'upstream_unreachable',
  message: `the server did not answer initialize within ${OPEN_MS / 1000} s of its start`,
}

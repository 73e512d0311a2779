import { LeasedCache } from '#/lib/leased-cache.ts'
import { hearLogs } from './hear-logs.ts'
import { endSession, initialize, type Opened, type Wire } from './initialize.ts'
import type { Session } from './session.ts'
import { next, NONE, type SessionEvent, type SessionState } from './session-state.ts'

interface Entry {
  state: SessionState
  /** Where and as whom it was opened: it is ended there too. */
  wire: Wire | undefined
  opening: Promise<Session> | undefined
}

/** The sessions held at one server, by whom they serve. Opened once, however many calls wait; ended when idle or one too many. */
export class Sessions {
  readonly #entries: LeasedCache<string, Entry>

  constructor(limits: { readonly sessions: number; readonly sessionIdleMs: number }) {
    this.#entries = new LeasedCache({
      max: limits.sessions,
      idleMs: limits.sessionIdleMs,
      dropped: (entry) => this.#step(entry, { kind: 'dropped' }),
    })
  }

  get size(): number {
    return this.#entries.size
  }

  /** The open session of `key`, at once; or undefined. */
  ready(key: string): Session | undefined {
    const state = this.#entries.get(key)?.state
    return state?.kind === 'ready' ? state.session : undefined
  }

  /** The session of `key`, opened if need be. `wire` must not carry a caller's own signal: others may wait for the same opening. */
  open(key: string, wire: () => Promise<Wire>): Promise<Session> {
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      entry = { state: NONE, wire: undefined, opening: undefined }
      this.#entries.set(key, entry)
    }
    if (entry.state.kind === 'ready') return Promise.resolve(entry.state.session)
    this.#step(entry, { kind: 'wanted' })
    entry.opening ??= this.#open(entry, wire)
    return entry.opening
  }

  /** Keeps a session that is open already as that of `key`. */
  adopt(key: string, wire: Wire, opened: Opened): void {
    this.#entries.set(key, { state: { kind: 'ready', session: opened.session }, wire, opening: undefined })
    void hearLogs(wire, opened)
  }

  /** The server does not know this session any more. */
  lost(key: string, session: Session): void {
    const entry = this.#entries.get(key)
    if (entry !== undefined) this.#step(entry, { kind: 'gone', session })
  }

  sweep(): void {
    this.#entries.sweep()
  }

  /** Ends every session at the server, in the background. */
  clear(): void {
    this.#entries.clear()
  }

  async #open(entry: Entry, wire: () => Promise<Wire>): Promise<Session> {
    try {
      entry.wire = await wire()
      const opened = await initialize(entry.wire)
      this.#step(entry, { kind: 'opened', session: opened.session })
      void hearLogs(entry.wire, opened)
      return opened.session
    } catch (cause) {
      this.#step(entry, { kind: 'failed' })
      throw cause
    } finally {
      entry.opening = undefined
    }
  }

  #step(entry: Entry, event: SessionEvent): void {
    entry.state = next(entry.state, event)
    if (entry.state.kind !== 'ended' || entry.state.owed === null) return
    const { owed } = entry.state
    entry.state = { kind: 'ended', owed: null }
    if (entry.wire !== undefined) endSession(entry.wire, owed)
  }
}

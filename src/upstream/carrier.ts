import type { Deadlines } from '#/lib/deadlines.ts'
import type { AttemptOwner } from './attempt.ts'
import type { Progress } from './failures.ts'
import type { ResponseHandler } from './http1-connection.ts'
import type { HttpRequest } from './http1-write.ts'

/** One exchange with a server, however it travels. Tells its owner nothing after the last word or a `cut`. */
export interface Carried {
  /** When the last byte of the answer came; 0: none has. */
  readonly lastByteAt: number
  readonly format: 'json' | 'events' | undefined
  readonly progress: Progress
  /** It used what an earlier exchange had opened, which the server may have closed at the same moment. */
  readonly reused: boolean
  send(request: HttpRequest): void
  pause(): void
  resume(): void
  /** Ends it without another word to the owner. */
  cut(): void
}

export interface CarriedOptions {
  readonly deadlines: Deadlines
  /** On a connection of its own. */
  readonly fresh: boolean
}

/** A connection to a server, or a share of one, for one HTTP exchange at a time. */
export interface HttpLane {
  /** How many connections have been opened for it: unchanged over an exchange means that an earlier one's was used. */
  readonly sockets: number
  send(request: HttpRequest, handler: ResponseHandler): void
  /** Ends whatever runs on it, at once, also while it still connects. Its handler hears nothing more. */
  cut(): void
}

export interface HttpLanes {
  /** What runs there is started by us: its host tells in its own words what went wrong. */
  readonly isLocal: boolean
  take(): HttpLane
  /** One that has no connection yet. */
  takeFresh(): HttpLane
  /** The exchange is over and its connection may serve another. */
  release(lane: HttpLane): void
  /** The exchange is over and its connection is not fit for another. */
  discard(lane: HttpLane): void
}

/** The way to one server. Disposing leaves nothing open but what runs, which goes on to its end. */
export interface Carrier extends Disposable {
  begin(owner: AttemptOwner, options: CarriedOptions): Carried
  /** Drops what has been idle for long; the owner calls it now and then. */
  sweep(): void
}

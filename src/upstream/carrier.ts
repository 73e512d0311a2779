import type { Deadlines } from '#/lib/deadlines.ts'
import type { AttemptOwner } from './attempt.ts'
import type { Progress } from './failures.ts'
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

/** The way to one server. Disposing leaves nothing open but what runs, which goes on to its end. */
export interface Carrier extends Disposable {
  begin(owner: AttemptOwner, options: CarriedOptions): Carried
  /** Drops what has been idle for long; the owner calls it now and then. */
  sweep(): void
}

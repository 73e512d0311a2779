import type { Socket } from 'node:net'
import type { Fact } from './messages.ts'

/** What a worker has of its supervisor and, through it, of the other workers. */
export interface WorkerLink {
  /** 0 … workers − 1; a restarted worker takes the number of the one before. */
  readonly index: number
  readonly workers: number
  /** Aborted when the supervisor is gone: nobody else ends a worker that still waits to start. */
  readonly gone: AbortSignal
  /** Gives away the connections that the supervisor accepted. */
  serve(take: (socket: Socket) => void): void
  /** Called when the catalog may have changed, with the newest seq where it is known. */
  onWake(wake: (seq: number | null) => void): void
  /** Tells all other workers, and those that start before it expires. */
  tell(fact: Fact): void
  onFact(topic: string, learn: (fact: Fact) => void): void
  /** How this worker answers when one of them collects what all have measured. */
  onCollect(measure: () => Promise<unknown>): void
  /** What every worker and the supervisor measured, this worker included. One that does not answer in time is left out. */
  collect(): Promise<readonly unknown[]>
}

/** A running worker, as the composition root hands it over. */
export interface Worker extends AsyncDisposable {
  /** Readiness turns false; requests are still answered, with `Connection: close`. */
  quiesce(): void
  /** Resolves when nothing is in flight. Idle connections are closed; at `hurry` what is left is cut. */
  drain(hurry: AbortSignal): Promise<void>
}

/** Builds everything a worker does; resolves when it can answer requests. */
export type StartWorker<C, P> = (config: C, prepared: P, link: WorkerLink) => Promise<Worker>

/** What only one process of the machine does, before and beside the workers: the database, its schema, keys, LISTEN. */
export interface Prepared<P> extends AsyncDisposable {
  /** What each worker is given. Survives structured clone. */
  readonly forWorkers: P
  /** What this process itself measures, in the form that `WorkerLink.collect` returns. */
  readonly measure?: () => Promise<unknown>
  /** Hears every fact that a worker tells. */
  readonly heard?: (fact: Fact) => void
}

export interface PrepareContext {
  /** Aborted when the process is to end before it is ready. */
  readonly signal: AbortSignal
  /** One line for people about what takes its time: "creating the database", "migrating 2 of 3". */
  progress(line: string): void
  /** Tells all workers that the catalog changed. May be called at any time. */
  wake(seq: number | null): void
}

/** What the supervisor needs of a logger: pino's shape. */
export interface SupervisorLog {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

import type { ChildProcess } from 'node:child_process'
import { forkWorker, type WorkerEntry } from './worker-process.ts'

/** The first workers. They load the program beside what has to be prepared before they are told to start; one not taken ends with this. */
export class EarlyWorkers implements Disposable {
  readonly #children: ChildProcess[]

  constructor(entry: WorkerEntry, count: number) {
    this.#children = Array.from({ length: count }, () => forkWorker(entry))
  }

  /** Undefined: none is left that still runs. */
  take(): ChildProcess | undefined {
    for (;;) {
      const child = this.#children.shift()
      if (child === undefined || child.connected) return child
    }
  }

  [Symbol.dispose](): void {
    for (const child of this.#children.splice(0)) child.kill('SIGKILL')
  }
}

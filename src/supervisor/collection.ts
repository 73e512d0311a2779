import type { WorkerProcess } from './worker-process.ts'

const WAIT_MS = 1000

interface Open {
  readonly waiting: Set<WorkerProcess>
  readonly parts: unknown[]
  readonly done: (parts: readonly unknown[]) => void
  readonly timer: NodeJS.Timeout
}

/** Asks every worker what it measured, for whichever of them was asked by a scraper. */
export class Collection {
  readonly #open = new Map<number, Open>()
  #lastId = 0

  /** Resolves with one part for each worker that answers within a second, and `own`. */
  async collect(workers: readonly WorkerProcess[], own: () => Promise<unknown>): Promise<readonly unknown[]> {
    const mine = await own().catch(() => null)
    const parts = mine === null ? [] : [mine]
    if (workers.length === 0) return parts
    const id = ++this.#lastId
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#finish(id), WAIT_MS)
      this.#open.set(id, { waiting: new Set(workers), parts, done: resolve, timer })
      for (const worker of workers) worker.send({ kind: 'report', id })
    })
  }

  reported(worker: WorkerProcess, id: number, part: unknown): void {
    const open = this.#open.get(id)
    if (open === undefined || !open.waiting.delete(worker)) return
    if (part !== null) open.parts.push(part)
    if (open.waiting.size === 0) this.#finish(id)
  }

  ended(worker: WorkerProcess): void {
    for (const id of this.#open.keys()) this.reported(worker, id, null)
  }

  #finish(id: number): void {
    const open = this.#open.get(id)
    if (open === undefined) return
    clearTimeout(open.timer)
    this.#open.delete(id)
    open.done(open.parts)
  }
}

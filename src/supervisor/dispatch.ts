import type { Socket } from 'node:net'
import type { WorkerProcess } from './worker-process.ts'

const MAX_WAITING = 1024
const MAX_WAIT_MS = 10_000
/** For those who are refused to read why, and leave. */
const REFUSED_MS = 2_000
const REFUSAL = [
  'HTTP/1.1 503 Service Unavailable',
  'Content-Type: application/json',
  'Retry-After: 2',
  'Connection: close',
  '',
  '{"detail":"no worker is ready yet","code":"unavailable"}',
].join('\r\n')

/** Gives each connection to the next ready worker in turn that is free; while none is, a bounded number waits a bounded time. */
export class Dispatch {
  readonly #ready: () => readonly WorkerProcess[]
  readonly #waiting = new Map<Socket, NodeJS.Timeout>()
  #turn = 0
  #closed = false

  constructor(ready: () => readonly WorkerProcess[]) {
    this.#ready = ready
  }

  give(socket: Socket): void {
    if (this.#closed) return refuse(socket)
    const worker = this.#next()
    if (worker === undefined) this.#wait(socket)
    else worker.give(socket)
  }

  /** Called when a worker became ready or takes connections again. */
  flush(): void {
    for (const [socket, timer] of this.#waiting) {
      const worker = this.#next()
      if (worker === undefined) return
      clearTimeout(timer)
      this.#waiting.delete(socket)
      worker.give(socket)
    }
  }

  /** No connection is given any more: the workers are about to end. */
  close(): void {
    this.#closed = true
    for (const [socket, timer] of this.#waiting) {
      clearTimeout(timer)
      refuse(socket)
    }
    this.#waiting.clear()
  }

  #next(): WorkerProcess | undefined {
    const free = this.#ready().filter((worker) => worker.isFree)
    return free[this.#turn++ % free.length]
  }

  #wait(socket: Socket): void {
    if (this.#waiting.size >= MAX_WAITING) return refuse(socket)
    const timer = setTimeout(() => {
      this.#waiting.delete(socket)
      refuse(socket)
    }, MAX_WAIT_MS)
    this.#waiting.set(socket, timer)
  }
}

function refuse(socket: Socket): void {
  socket.on('error', () => {})
  // What is not read keeps the answer from arriving, and the end of the other side from being seen.
  socket.resume()
  socket.end(REFUSAL)
  setTimeout(() => socket.destroy(), REFUSED_MS).unref()
}

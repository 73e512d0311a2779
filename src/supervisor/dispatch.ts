import type { Socket } from 'node:net'
import type { WorkerProcess } from './worker-process.ts'

const MAX_WAITING = 1024
const MAX_WAIT_MS = 10_000
const REFUSAL = [
  'HTTP/1.1 503 Service Unavailable',
  'Content-Type: application/json',
  'Retry-After: 2',
  'Connection: close',
  '',
  '{"detail":"no worker is ready yet","code":"unavailable"}',
].join('\r\n')

/** Gives each connection to the next ready worker in turn; while there is none, a bounded number waits a bounded time. */
export class Dispatch {
  readonly #ready: () => readonly WorkerProcess[]
  readonly #waiting = new Map<Socket, NodeJS.Timeout>()
  #turn = 0

  constructor(ready: () => readonly WorkerProcess[]) {
    this.#ready = ready
  }

  give(socket: Socket): void {
    const ready = this.#ready()
    const worker = ready[this.#turn++ % ready.length]
    if (worker === undefined) this.#wait(socket)
    else worker.give(socket)
  }

  /** Called when a worker became ready. */
  flush(): void {
    const sockets = [...this.#waiting]
    this.#waiting.clear()
    for (const [socket, timer] of sockets) {
      clearTimeout(timer)
      this.give(socket)
    }
  }

  close(): void {
    for (const [socket, timer] of this.#waiting) {
      clearTimeout(timer)
      refuse(socket)
    }
    this.#waiting.clear()
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
  socket.end(REFUSAL)
}

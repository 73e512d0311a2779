import type { Socket } from 'node:net'
import { assertNoTransaction } from '#/lib/held-connection.ts'
import type { WorkerLink } from './link.ts'
import type { Fact, FromWorker, ToWorker } from './messages.ts'

/** The worker's end of the line to its supervisor. One object per process; `receive` is fed by `runWorker`. */
export class SupervisorLink implements WorkerLink {
  readonly index: number
  readonly workers: number
  readonly gone: AbortSignal
  readonly #gone = new AbortController()
  readonly #send: (message: FromWorker) => void
  readonly #facts = new Map<string, (fact: Fact) => void>()
  readonly #collecting = new Map<number, (parts: readonly unknown[]) => void>()
  #take: ((socket: Socket) => void) | undefined
  #wake: (seq: number | null) => void = () => {}
  #measure: () => Promise<unknown> = () => Promise.resolve(null)
  #lastId = 0
  #lastConnection = 0

  constructor(place: { readonly index: number; readonly workers: number }, send: (message: FromWorker) => void) {
    this.index = place.index
    this.workers = place.workers
    this.gone = this.#gone.signal
    this.#send = send
  }

  serve(take: (socket: Socket) => void): void {
    this.#take = take
  }

  onWake(wake: (seq: number | null) => void): void {
    this.#wake = wake
  }

  tell(fact: Fact): void {
    this.#send({ kind: 'fact', fact })
  }

  onFact(topic: string, learn: (fact: Fact) => void): void {
    this.#facts.set(topic, learn)
  }

  onCollect(measure: () => Promise<unknown>): void {
    this.#measure = measure
  }

  collect(): Promise<readonly unknown[]> {
    assertNoTransaction('asking the supervisor')
    const id = ++this.#lastId
    return new Promise((resolve) => {
      this.#collecting.set(id, resolve)
      this.#send({ kind: 'collect', id })
    })
  }

  /** One message of the supervisor; what starts and ends a worker is not for the link. */
  receive(message: ToWorker, socket: Socket | undefined): void {
    switch (message.kind) {
      case 'connection':
        return this.#connected(message.n, socket)
      case 'wake':
        return this.#wake(message.seq)
      case 'fact':
        return this.#facts.get(message.fact.topic)?.(message.fact)
      case 'report':
        return void this.#report(message.id)
      case 'collected':
        this.#collecting.get(message.id)?.(message.parts)
        this.#collecting.delete(message.id)
        return
      case 'start':
      case 'quiesce':
      case 'drain':
    }
  }

  /** Without its supervisor a worker knows only itself. */
  async lost(): Promise<void> {
    this.#gone.abort()
    const waiting = [...this.#collecting.values()]
    this.#collecting.clear()
    if (waiting.length === 0) return
    const own = await this.#measure()
    for (const resolve of waiting) resolve([own])
  }

  #connected(n: number, socket: Socket | undefined): void {
    this.#send({ kind: 'taken', n })
    const isCopy = n <= this.#lastConnection
    this.#lastConnection = n
    // A socket that broke on the way arrives as undefined.
    if (socket === undefined) return
    if (isCopy || this.#take === undefined) socket.destroy()
    else this.#take(socket)
  }

  async #report(id: number): Promise<void> {
    this.#send({ kind: 'reported', id, part: await this.#measure().catch(() => null) })
  }
}

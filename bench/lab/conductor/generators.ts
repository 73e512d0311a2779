import { fork, type ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { extname, join } from 'node:path'
import type { Order, Part, Report, Sums } from '../generator/orders.ts'
import type { TickParts } from '../generator/tally.ts'

/** In the package it is JavaScript, as this file is. */
const PROGRAM = join(import.meta.dirname, `../generator${extname(import.meta.filename)}`)

/** All generators of a run, as if they were one. */
export class Generators implements Disposable {
  readonly #children: readonly ChildProcess[]
  readonly #heard = new EventEmitter()
  readonly #sums: Sums[] = []
  readonly #ticks = new Map<number, TickParts[]>()
  /** The last second of those that have ended. */
  readonly #lasts: number[] = []
  #ready = 0
  #broken: Error | null = null

  constructor(parts: readonly Part[]) {
    this.#children = parts.map((part) => {
      const child = fork(PROGRAM, { serialization: 'advanced' })
      child.on('message', (report: Report) => this.#hear(report))
      child.on('exit', (code, signal) => this.#fail(`a generator ended (${signal ?? code})`))
      child.on('error', (error) => this.#fail(`a generator does not start: ${error.message}`))
      child.send({ kind: 'prepare', part } satisfies Order)
      return child
    })
  }

  /** Once all have loaded. */
  async ready(): Promise<void> {
    while (this.#ready < this.#children.length) await this.#next()
  }

  tell(order: Order): void {
    for (const child of this.#children) if (child.connected) child.send(order)
  }

  /** Second by second what all of them saw, until they end. */
  async *ticks(): AsyncGenerator<readonly TickParts[]> {
    for (let second = 1; ;) {
      const parts = this.#ticks.get(second) ?? []
      const gone = this.#lasts.filter((last) => last < second).length
      if (gone === this.#children.length) return
      if (parts.length + gone === this.#children.length) {
        this.#ticks.delete(second++)
        yield parts
      } else await this.#next()
    }
  }

  get sums(): readonly Sums[] {
    return this.#sums
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) {
      child.removeAllListeners('exit')
      if (child.connected) child.disconnect()
    }
  }

  async #next(): Promise<void> {
    if (this.#broken === null) await once(this.#heard, 'news')
    if (this.#broken !== null) throw this.#broken
  }

  #hear(report: Report): void {
    if (report.kind === 'broken') return this.#fail(report.why)
    if (report.kind === 'ready') this.#ready++
    else if (report.kind === 'end') {
      this.#sums.push(report.sums)
      this.#lasts.push(report.sums.lastTick)
    } else this.#ticks.set(report.tick.at, [...(this.#ticks.get(report.tick.at) ?? []), report.tick])
    this.#heard.emit('news')
  }

  #fail(why: string): void {
    this.#broken ??= new Error(why)
    this.#heard.emit('news')
  }
}

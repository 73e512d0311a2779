import { setTimeout as sleep } from 'node:timers/promises'
import { atShare, evenPoint, Random } from '../random.ts'
import type { ClientKind, Scenario } from '../scenario.ts'
import type { Site } from '../site.ts'
import { User } from '../users/user.ts'
import type { Part } from './orders.ts'
import type { Tally } from './tally.ts'

interface Member {
  readonly user: User
  readonly isControl: boolean
  /** A part of the ramp, from 0 to below 1. */
  readonly arrives: number
}

/** The users of one generator. */
export class Crowd implements Disposable {
  readonly #part: Part
  readonly #tally: Tally
  readonly #members: readonly Member[]
  readonly #here: User[] = []

  constructor(part: Part, tally: Tally) {
    this.#part = part
    this.#tally = tally
    const { control } = part
    this.#members = [
      ...this.#some(part.scenario, part.site, false),
      ...(control === null ? [] : this.#some(control.scenario, control.site, true)),
    ]
  }

  /** Lets the users arrive evenly over the ramp and ask until it ends. Clock: performance.now(). */
  run(begins: number, ends: number): void {
    const goesOn = (due: number): boolean => due < ends
    const { rampSeconds, loop } = this.#part.scenario
    for (const member of this.#members) void this.#one(member, begins + member.arrives * rampSeconds * 1000, goesOn)
    if (loop.kind === 'open') void this.#arrivals(loop.perSecond / this.#part.of, { begins, goesOn })
  }

  [Symbol.dispose](): void {
    for (const { user } of this.#members) user[Symbol.dispose]()
  }

  *#some(scenario: Scenario, site: Site, isControl: boolean): Generator<Member> {
    const { index, of, run } = this.#part
    const clients = Object.entries(scenario.clients)
      .filter(([kind]) => site.clients.includes(kind as ClientKind))
      .map(([kind, share]) => ({ kind: kind as ClientKind, share }))
    for (let number = index; number < scenario.loop.users; number += of) {
      const kind = atShare(clients, evenPoint(number, 'client'))?.kind ?? 'legacy'
      const keepsStream = evenPoint(number, 'stream') * 100 < scenario.streams
      const options = { number, kind, keepsStream, isControl, scenario, site, tally: this.#tally, run }
      yield { user: new User(options), isControl, arrives: number / scenario.loop.users }
    }
  }

  async #one({ user, isControl }: Member, at: number, goesOn: (due: number) => boolean): Promise<void> {
    await sleep(Math.max(0, at - performance.now()))
    await user.arrive(at)
    if (isControl || this.#part.scenario.loop.kind === 'closed') await user.live(goesOn)
    else this.#here.push(user)
  }

  /** Requests come when they come, each to the next user that is here; during the ramp ever more of them. */
  async #arrivals(
    rate: number,
    { begins, goesOn }: { begins: number; goesOn: (due: number) => boolean },
  ): Promise<void> {
    const random = new Random(this.#part.scenario.seed, -1 - this.#part.index)
    const rampMs = this.#part.scenario.rampSeconds * 1000
    let turn = 0
    for (let due = begins; goesOn(due);) {
      due += random.gapOf(rate) * 1000
      const wait = due - performance.now()
      if (wait > 1) await sleep(wait)
      if (!goesOn(due)) return
      const arrived = (due - begins) / rampMs
      const user = this.#here[turn++ % this.#here.length]
      if (user !== undefined && (arrived >= 1 || random.next() < arrived)) void user.ask(due)
    }
  }
}

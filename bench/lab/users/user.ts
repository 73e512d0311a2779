import { setTimeout as sleep } from 'node:timers/promises'
import type { Tally } from '../generator/tally.ts'
import { Random } from '../random.ts'
import type { ClientKind, Endpoint, Scenario } from '../scenario.ts'
import type { Door, Site } from '../site.ts'
import { Lines } from '../wire/lines.ts'
import { get, type Place } from '../wire/request.ts'
import { Client, sendOn } from './client.ts'
import { draw, type Drawn } from './draw.ts'
import { judgeStatus, type Outcome } from './judge.ts'
import { PROTOCOLS } from './protocols.ts'
import { keepStream } from './stream.ts'

export interface UserOptions {
  /** Among all users of all generators. */
  readonly number: number
  readonly kind: ClientKind
  readonly keepsStream: boolean
  /** Calls through the bare relay. */
  readonly isControl: boolean
  /** Its mix is what this user asks for. */
  readonly scenario: Scenario
  readonly site: Site
  readonly tally: Tally
  /** What tells this run's canaries from another's. */
  readonly run: string
}

const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 30_000

/** One user: a token, its connections, a client for each door it knocks at, and what it draws. */
export class User implements Disposable {
  readonly #options: UserOptions
  readonly #random: Random
  readonly #lines: Lines
  readonly #place: Place
  readonly #doors: Readonly<Partial<Record<Endpoint, Door>>>
  readonly #clients: ReadonlyMap<string, Client>
  readonly #streams = new DisposableStack()
  #asked = 0

  constructor(options: UserOptions) {
    const { number, site, scenario, kind } = options
    this.#options = options
    this.#random = new Random(scenario.seed, number)
    const origin = new URL(site.origin)
    this.#lines = new Lines(origin)
    this.#place = { host: origin.host, token: site.tokens[number % site.tokens.length] ?? null }
    this.#doors = doorsOf(options)
    const { onlyPath } = PROTOCOLS[kind]
    const paths = Object.values(this.#doors).map(({ path }) => onlyPath ?? path)
    this.#clients = new Map(
      [...new Set(paths)].map((path) => {
        const parts = { lines: this.#lines, place: this.#place, path }
        return [path, new Client(PROTOCOLS[kind], parts)]
      }),
    )
  }

  /**
   * Opens what it needs, for as long as that takes.
   * @param at when it was meant to come
   */
  async arrive(at: number): Promise<void> {
    let due = at
    for (const client of this.#clients.values())
      for (let retry = FIRST_RETRY_MS; ; retry = Math.min(retry * 2, LONGEST_RETRY_MS)) {
        const outcome = await this.#tallied('open', due, () => client.open(this.#deadline(due)))
        const pause = outcome.kind === 'answered' ? 0 : outcome.kind === 'refused' ? outcome.afterMs : retry
        due = performance.now() + pause
        if (outcome.kind === 'answered') break
        await sleep(pause)
      }
    if (!this.#options.isControl) this.#options.tally.users++
    const [first] = this.#clients.values()
    if (this.#options.keepsStream && first !== undefined)
      this.#streams.use(keepStream(first, new URL(this.#options.site.origin), this.#options.tally))
  }

  /** Thinks, asks, waits for its answer, again and again while `goesOn`. */
  async live(goesOn: (due: number) => boolean): Promise<void> {
    const { loop } = this.#options.scenario
    const think = (): number => (loop.kind === 'closed' ? this.#random.between(loop.thinkSeconds) * 1000 : 0)
    for (let pause = think(); ;) {
      const due = performance.now() + pause
      if (pause > 0) await sleep(pause)
      // A timer may come a moment early: what was due decides, not what time it is.
      if (!goesOn(due)) return
      const outcome = await this.ask(due)
      pause = outcome.kind === 'refused' ? outcome.afterMs : think()
    }
  }

  /** @param due when it was meant to be asked. */
  async ask(due: number): Promise<Outcome> {
    const canary = `${this.#options.run}-${this.#options.number}-${this.#asked++}`
    const drawn = draw(this.#options.scenario, { random: this.#random, doors: this.#doors, canary })
    return await this.#tallied(drawn.kind, due, () => this.#send(drawn, this.#deadline(due)))
  }

  [Symbol.dispose](): void {
    this.#streams.dispose()
    this.#lines[Symbol.dispose]()
  }

  async #send(drawn: Drawn, deadline: number): Promise<Outcome> {
    if ('path' in drawn) {
      const accept = drawn.kind === 'page' ? 'text/html' : 'application/json'
      const answer = await sendOn(this.#lines, get(this.#place, drawn.path, `accept: ${accept}\r\n`), deadline)
      return 'kind' in answer ? answer : (judgeStatus(answer) ?? { kind: 'answered', tookMs: 0 })
    }
    const path = PROTOCOLS[this.#options.kind].onlyPath ?? this.#doors[drawn.at]?.path ?? ''
    const client = this.#clients.get(path) as Client
    return await client.ask(drawn.message, deadline, { canary: drawn.canary, fails: drawn.kind === 'failing call' })
  }

  async #tallied(kind: string, due: number, ask: () => Promise<Outcome>): Promise<Outcome> {
    const { tally, isControl } = this.#options
    tally.begin(isControl)
    const outcome = await ask()
    tally.end(isControl, { kind, due, outcome })
    return outcome
  }

  #deadline(due: number): number {
    return due + this.#options.scenario.patienceSeconds * 1000
  }
}

/** Of several doors of a kind each user has one. A client with one endpoint for all knows the names of everything. */
function doorsOf({ number, kind, scenario, site }: UserOptions): Partial<Record<Endpoint, Door>> {
  const doors: Partial<Record<Endpoint, Door>> = {}
  for (const item of scenario.mix) {
    if (!('at' in item)) continue
    const at = PROTOCOLS[kind].onlyPath === null ? item.at : 'aggregate'
    const among = site.doors[at] ?? []
    const door = among[number % among.length]
    if (door !== undefined) doors[item.at] = door
  }
  return doors
}

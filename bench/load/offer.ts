import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Line, type Heard } from './line.ts'
import { FIRST_ID, openSession, requestBytes, type Target } from './target.ts'

/** Requests that come at a rate of their own, whether or not earlier ones were answered. */
export interface Stream {
  readonly target: Target
  readonly perSecond: number
  /** The rate rises for so long before it is reached; 0 where unset. */
  readonly risingMs?: number
  /** Who has waited so long goes away. */
  readonly patienceMs?: number
  /** No more than so many at a time; what would be more is not sent, and counted as `unsent`. */
  readonly most?: number
}

export interface Offer {
  readonly streams: Readonly<Record<string, Stream>>
  readonly warmUpMs: number
  readonly windowMs: number
  /** Gives way to all other processes: it stands for other people's machines. */
  readonly background?: boolean
}

/** Waits in ms, counted from when the request was due. */
export interface Waits {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface Taken {
  /** By what became of a request: `ok`, `tool error`, an HTTP status, a JSON-RPC code, `cut`, `gave up`, `unsent`. */
  readonly outcomes: Readonly<Record<string, Waits>>
  /** Refusals (429 and 503) that did not say when to come back. */
  readonly withoutRetryAfter: number
  readonly seconds: number
  readonly bytes: number
}

export type OfferReport =
  | { readonly kind: 'begin' }
  | { readonly kind: 'end'; readonly taken: Readonly<Record<string, Taken>> }
  | { readonly kind: 'failed'; readonly why: string }

const TICK_MS = 2

class Running {
  readonly #stream: Stream
  readonly #at: URL
  readonly #bytes: Buffer
  readonly #idAt: number
  readonly #free: Line[] = []
  readonly #busy = new Set<Line>()
  #waits = new Map<string, number[]>()
  #id: number
  #withoutRetryAfter = 0
  #received = 0
  #counting = false
  #began = performance.now()
  #due = 0

  constructor(stream: Stream, request: { readonly bytes: Buffer; readonly idAt: number }, n: number) {
    this.#stream = stream
    this.#at = new URL(stream.target.url)
    this.#bytes = request.bytes
    this.#idAt = request.idAt
    this.#id = FIRST_ID + n * 50_000_000
  }

  count(): void {
    this.#waits = new Map()
    this.#counting = true
    this.#withoutRetryAfter = this.#received = 0
  }

  /** Sends all that is due. */
  tick(now: number): void {
    const { most = Infinity } = this.#stream
    for (let at = this.#dueAt(); at <= now; at = this.#dueAt()) {
      this.#due += 1
      if (this.#busy.size >= most) this.#note('unsent', 0)
      else this.#send(at)
    }
  }

  /** When the next request is due. */
  #dueAt(): number {
    const { perSecond, risingMs = 0 } = this.#stream
    const alone = (this.#due * 1000) / perSecond
    return this.#began + (alone < risingMs / 2 ? Math.sqrt(2 * risingMs * alone) : alone + risingMs / 2)
  }

  #send(due: number): void {
    let line = this.#free.pop()
    while (line !== undefined && !line.usable) line = this.#free.pop()
    if (line !== undefined) return this.#ask(line, due)
    const opened: Line = new Line(this.#at, () => {})
    this.#ask(opened, due)
  }

  #ask(line: Line, due: number): void {
    this.#bytes.write(String(this.#id++), this.#idAt, 'latin1')
    this.#busy.add(line)
    const { patienceMs } = this.#stream
    let gaveUp = false
    const impatient = (): void => {
      gaveUp = true
      line.cut()
    }
    const timer = patienceMs === undefined ? undefined : setTimeout(impatient, patienceMs)
    line.send(Buffer.from(this.#bytes), (heard) => {
      clearTimeout(timer)
      this.#busy.delete(line)
      this.#received += heard.bytes
      if (heard.status !== 0) this.#free.push(line)
      if ((heard.status === 429 || heard.status === 503) && !heard.retryAfter) this.#withoutRetryAfter += 1
      this.#note(gaveUp ? 'gave up' : outcomeOf(heard), performance.now() - due)
    })
  }

  #note(outcome: string, ms: number): void {
    if (!this.#counting) return
    const known = this.#waits.get(outcome)
    if (known === undefined) this.#waits.set(outcome, [ms])
    else known.push(ms)
  }

  taken(seconds: number): Taken {
    this.#counting = false
    const outcomes = Object.fromEntries([...this.#waits].map(([name, waits]) => [name, waitsOf(waits)]))
    return { outcomes, withoutRetryAfter: this.#withoutRetryAfter, seconds, bytes: this.#received }
  }

  stop(): void {
    for (const line of [...this.#free, ...this.#busy]) line.cut()
  }
}

function outcomeOf({ status, start }: Heard): string {
  if (status === 0) return 'cut'
  if (status !== 200) return String(status)
  if (start.includes('"result"')) return start.includes('"isError":true') ? 'tool error' : 'ok'
  return /"code":(-?\d+)/.exec(start)?.[1] ?? 'other'
}

function waitsOf(waits: readonly number[]): Waits {
  const sorted = Float64Array.from(waits).toSorted()
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}

async function run({ streams, warmUpMs, windowMs, background }: Offer): Promise<void> {
  if (background === true) setPriority(19)
  const running = await Promise.all(
    Object.entries(streams).map(async ([name, stream], n) => {
      const session = await openSession(stream.target)
      return [name, new Running(stream, requestBytes(stream.target, session), n)] as const
    }),
  )
  const timer = setInterval(() => {
    const now = performance.now()
    for (const [, each] of running) each.tick(now)
  }, TICK_MS)
  await sleep(warmUpMs)
  process.send?.({ kind: 'begin' } satisfies OfferReport)
  for (const [, each] of running) each.count()
  const began = performance.now()
  await sleep(windowMs)
  const seconds = (performance.now() - began) / 1000
  const taken = Object.fromEntries(running.map(([name, each]) => [name, each.taken(seconds)]))
  clearInterval(timer)
  for (const [, each] of running) each.stop()
  process.send?.({ kind: 'end', taken } satisfies OfferReport)
}

process.on('message', (offer: Offer) => {
  run(offer).catch((error: unknown) => process.send?.({ kind: 'failed', why: String(error) } satisfies OfferReport))
})
process.on('disconnect', () => process.exit())

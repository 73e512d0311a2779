import type { Lines } from '../wire/lines.ts'
import { NoAnswer } from '../wire/connection.ts'
import type { Answer } from '../wire/answer-reader.ts'
import type { Place } from '../wire/request.ts'
import { failed, judge, judgeStatus, type Expected, type Outcome } from './judge.ts'
import type { At, Message, Protocol } from './protocols.ts'

/** A user's client for one door: a session where the protocol has them, and what becomes of its requests. */
export class Client {
  readonly #protocol: Protocol
  readonly #lines: Lines
  readonly #place: Place
  readonly #path: string
  #session: string | null = null
  #nextId = 1

  constructor(protocol: Protocol, { lines, place, path }: { lines: Lines; place: Place; path: string }) {
    this.#protocol = protocol
    this.#lines = lines
    this.#place = place
    this.#path = path
  }

  /** What a client sends before anything else. */
  async open(deadline: number): Promise<Outcome> {
    const { hello, afterHello } = this.#protocol
    if (hello === null) return { kind: 'answered', tookMs: 0 }
    this.#session = null
    const id = this.#nextId++
    const answer = await this.#send(this.#protocol.request(this.#at, id, hello), deadline)
    if ('kind' in answer) return answer
    const outcome = judge(answer, { id, canary: null, fails: false })
    if (outcome.kind !== 'answered') return outcome
    this.#session = answer.headers['mcp-session-id'] ?? null
    if (afterHello === null) return outcome
    const noted = await this.#send(this.#protocol.notify(this.#at, afterHello), deadline)
    return 'kind' in noted ? noted : (judgeStatus(noted) ?? outcome)
  }

  /** A session that the server no longer knows is opened anew, once. */
  async ask(message: Message, deadline: number, expected: Omit<Expected, 'id'>): Promise<Outcome> {
    const session = this.#session
    const first = await this.#askOnce(message, deadline, expected)
    if (!(session !== null && first.kind === 'failed' && first.reason === 'status 404')) return first
    // Another request of this user may have opened it already.
    const opened = this.#session === session ? await this.open(deadline) : null
    return opened === null || opened.kind === 'answered' ? await this.#askOnce(message, deadline, expected) : opened
  }

  /** The request for a stream on a connection of its own; null: this kind of client keeps none. */
  listenRequest(): string | null {
    return this.#protocol.listen(this.#at, this.#nextId++)
  }

  async #askOnce(message: Message, deadline: number, expected: Omit<Expected, 'id'>): Promise<Outcome> {
    const id = this.#nextId++
    const answer = await this.#send(this.#protocol.request(this.#at, id, message), deadline)
    return 'kind' in answer ? answer : judge(answer, { ...expected, id })
  }

  #send(request: string, deadline: number): Promise<Answer | Outcome> {
    return sendOn(this.#lines, request, deadline)
  }

  get #at(): At {
    return { place: this.#place, path: this.#path, session: this.#session }
  }
}

/** An answer, or why there is none. */
export async function sendOn(lines: Lines, request: string, deadline: number): Promise<Answer | Outcome> {
  try {
    return await lines.ask(request, deadline)
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error
    return failed(error.message, request.slice(0, request.indexOf('\r\n')))
  }
}

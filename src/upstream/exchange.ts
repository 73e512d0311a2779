import { backoff } from '#/lib/backoff.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { nextUpstreamId } from './ids.ts'
import type { AttemptOwner } from './attempt.ts'
import type { Carried } from './carrier.ts'
import { type HttpAnswer, httpFailure, type Progress, transportFailure } from './failures.ts'
import { CallClock, NO_ANSWER } from './call-clock.ts'
import { isHeaderMismatch } from './declarations.ts'
import type { Peer } from './peer.ts'
import { asAnswer, isSessionFault } from './refusals.ts'
import type { Session } from './session.ts'
import type { FlowControl, UpstreamReport, UpstreamRequest, UpstreamSink } from './upstreams.ts'
import type { CredentialHeaders } from './vault.ts'
import { writeHttp } from './write-http.ts'

type Soon<T> = T | Promise<T>

/**
 * One call on its way: place, session, bytes, answer, and whatever can go wrong. `#finish` runs once, whatever happens, and
 * gives everything back before the sink hears the last word.
 */
export class Exchange implements AttemptOwner, FlowControl {
  readonly #peer: Peer
  readonly #request: UpstreamRequest
  readonly #sink: UpstreamSink
  readonly #clock: CallClock
  readonly #gone = (): void => this.#cancel(new GatewayError('client_gone', 'the client went away'))
  #place: 'none' | 'waiting' | 'held' = 'none'
  #queued: Disposable | undefined
  #watch: Disposable | undefined
  #probe = false
  #over = false

  #session: Session | undefined
  #credentials: CredentialHeaders | undefined
  #attempt: Carried | undefined
  #upstreamId = 0
  #attempts = 0
  #paramHeaders: UpstreamRequest['paramHeaders'] = null
  #healed = false
  #redeclared = false
  #retried = false
  #requestBytes = 0
  #mayHaveRun = false
  #told = false
  /** The sink does not say which message was the answer, so the end of the stream is the end of the answer. */
  #silentSink = false

  constructor(peer: Peer, request: UpstreamRequest, sink: UpstreamSink) {
    this.#peer = peer
    this.#request = request
    this.#sink = sink
    const { limits } = peer.context
    this.#clock = new CallClock(performance.now(), request.gateway.timeoutMs ?? limits.totalMs, limits)
  }

  start(): void {
    const { signal } = this.#request
    if (signal.aborted) return this.#gone()
    signal.listen(this.#gone)
    if (!this.#peer.passes()) return this.#fail(this.#peer.circuitOpen())
    if (this.#peer.bulkhead.tryTake()) return this.#placed()
    this.#queue()
  }

  #queue(): void {
    const full = (why: string): void => this.#fail(new GatewayError('upstream_busy', why, { retryAfter: 1 }))
    const late = (): void => full('no place for this call became free in time')
    this.#place = 'waiting'
    this.#queued = this.#peer.bulkhead.wait(() => this.#placed(), late)
    if (this.#queued === undefined) full('too many calls already wait for this server')
  }

  #placed(): void {
    this.#place = 'held'
    this.#queued = undefined
    this.#clock.placedAt = performance.now()
    // The circuit may have opened while this call waited.
    const entry = this.#peer.enter()
    if (entry === 'refused') return this.#fail(this.#peer.circuitOpen())
    this.#probe = entry === 'probe'
    this.#lookAtClock(this.#clock.placedAt)
    this.#try()
  }

  #try(): void {
    this.#attempts++
    try {
      const session = this.#peer.session(this.#request)
      const credentials = this.#peer.credentials(this.#request)
      if (session instanceof Promise || credentials instanceof Promise) void this.#prepare(session, credentials)
      else this.#dispatch(session, credentials)
    } catch (cause) {
      this.#fail(GatewayError.from(cause))
    }
  }

  async #prepare(session: Soon<Session>, credentials: Soon<CredentialHeaders>): Promise<void> {
    try {
      const [ready, headers] = await Promise.all([session, credentials])
      if (!this.#over) this.#dispatch(ready, headers)
    } catch (cause) {
      const error = GatewayError.from(cause)
      // No session could be opened: what that says of the server counts as if a call had found it out.
      if (error.code === 'upstream_unreachable' || error.code === 'upstream_timeout') this.#tell('failed')
      this.#fail(error)
    }
  }

  #dispatch(session: Session, credentials: CredentialHeaders): void {
    const peer = this.#peer
    this.#session = session
    this.#credentials = credentials
    this.#upstreamId = nextUpstreamId()
    const { context } = peer
    const paramHeaders = (this.#paramHeaders = peer.declarations.of(this.#request))
    const http = writeHttp(this.#request, { session, credentials, upstreamId: this.#upstreamId, paramHeaders, context })
    this.#requestBytes = http.body.length
    if (this.#clock.sentAt === 0) this.#clock.sentAt = performance.now()
    this.#attempt = peer.carrier.begin(this, { deadlines: context.deadlines, fresh: this.#attempts > 1 })
    this.#attempt.send(http)
  }

  // ── what the attempt tells ──

  spoke(status: number): void {
    this.#tell(status === 502 || status === 503 || status === 504 ? 'failed' : 'answered')
  }

  began(): void {
    const revision = this.#session?.revision
    if (revision !== undefined) this.#sink.start({ revision, upstreamId: this.#upstreamId, control: this })
  }

  bytes(chunk: Buffer): void {
    if (!this.#over) this.#sink.bytes(chunk)
  }

  message(): boolean {
    if (this.#over) return true
    const said = this.#sink.endMessage()
    this.#silentSink = said === undefined
    if (said === true) this.#done()
    return said === true
  }

  ended(format: 'json' | 'events', bytes: number): void {
    if (this.#over) return
    if (format === 'events' && this.#silentSink) return this.#done()
    if (format === 'json' && bytes > 0) {
      this.#sink.endMessage()
      return this.#done()
    }
    const what = format === 'json' ? 'gave an empty answer' : 'ended its event stream without an answer'
    this.#fail(new GatewayError('upstream_invalid', `the server ${what}`))
  }

  other(answer: HttpAnswer, body: Buffer): void {
    if (this.#over) return
    const session = this.#session
    if (session !== undefined && !this.#healed && isSessionFault(session, answer.status, body)) {
      this.#healed = true
      this.#peer.lost(this.#request, session)
      return this.#try()
    }
    if (session !== undefined && !this.#redeclared && isHeaderMismatch(session, answer.status, body))
      return void this.#redeclare(answer, body)
    this.#refused(answer, body)
  }

  /** Nothing ran: the headers are made once more, from what the server declares now. */
  async #redeclare(answer: HttpAnswer, body: Buffer): Promise<void> {
    this.#redeclared = true
    this.#attempt = undefined
    const newer = await this.#peer.redeclares(this.#request, this.#paramHeaders).catch(() => false)
    if (newer && !this.#over) this.#try()
    else this.#refused(answer, body)
  }

  #refused(answer: HttpAnswer, body: Buffer): void {
    if (this.#over) return
    const relayed = asAnswer(body, this.#upstreamId)
    if (relayed !== undefined) {
      this.began()
      this.#sink.bytes(relayed)
      this.#sink.endMessage()
      return this.#done()
    }
    if (answer.status === 401 || answer.status === 403) this.#peer.refused(this.#request)
    this.#mayHaveRun = answer.status < 300 || answer.status >= 500
    this.#fail(httpFailure(answer))
  }

  broken(cause: Error, progress: Progress): void {
    if (this.#over) return
    const error = transportFailure(cause, progress)
    if (this.#mayRetry(error, progress)) return this.#again()
    if (progress !== 'answering' && error.code !== 'forbidden_address') this.#tell('failed')
    this.#mayHaveRun = progress !== 'unsent'
    this.#fail(error)
  }

  // ── trying again, and giving up ──

  /** Only where nothing can have run, or running twice changes nothing; and only as often as the budget of this server allows. */
  #mayRetry(error: GatewayError, progress: Progress): boolean {
    if (this.#retried || error.code !== 'upstream_unreachable' || progress === 'answering') return false
    const harmless = progress === 'unsent' || (this.#request.idempotent && this.#attempt?.reused === true)
    return harmless && this.#peer.passes() && this.#peer.spendRetry()
  }

  #again(): void {
    this.#retried = true
    const ms = backoff(1, { firstMs: 100, maxMs: 100 })
    this.#peer.context.deadlines.add(ms, () => {
      if (!this.#over) this.#try()
    })
  }

  #cancel(error: GatewayError): void {
    if (this.#over) return
    const [attempt, session, credentials] = [this.#attempt, this.#session, this.#credentials]
    if (attempt !== undefined) {
      this.#mayHaveRun = attempt.progress !== 'unsent'
      if (this.#mayHaveRun && session?.era === 'legacy' && credentials !== undefined)
        void this.#peer.cancel(session, credentials, this.#upstreamId)
      attempt.cut()
    }
    this.#fail(error)
  }

  /** To a request that the server made in the middle of the call. */
  reply(message: Buffer): void {
    const [session, credentials] = [this.#session, this.#credentials]
    if (session === undefined || credentials === undefined) return
    void this.#peer.post(session, credentials, message)
  }

  // ── flow and time ──

  pause(): void {
    this.#clock.pause(performance.now())
    this.#attempt?.pause()
  }

  resume(): void {
    this.#clock.resume(performance.now())
    this.#attempt?.resume()
  }

  /** One entry in the wheel serves all deadlines of a call: it looks which has passed, and waits on for the next. */
  #lookAtClock(now: number): void {
    const look = this.#clock.look(now, this.#attempt ?? NO_ANSWER)
    if (look.kind === 'wait')
      this.#watch = this.#peer.context.deadlines.add(look.ms, () => this.#lookAtClock(performance.now()))
    else if (look.kind === 'stalled') this.#cancel(new GatewayError('client_gone', 'the client stopped reading'))
    else {
      if (look.kind === 'silent' && this.#attempt !== undefined) this.#tell('failed')
      this.#cancel(this.#clock.overdue(look.kind, now))
    }
  }

  // ── the end ──

  #tell(kind: 'answered' | 'failed'): void {
    this.#told = true
    this.#peer.tell(kind)
  }

  #done(): void {
    this.#mayHaveRun = true
    this.#finish()
    this.#sink.done(this.#report())
  }

  #fail(error: GatewayError): void {
    if (this.#over) return
    this.#finish()
    this.#sink.failed(error, this.#report())
  }

  #finish(): void {
    this.#over = true
    this.#request.signal.unlisten()
    this.#watch?.[Symbol.dispose]()
    this.#queued?.[Symbol.dispose]()
    if (this.#probe && !this.#told) this.#peer.tell('left')
    if (this.#place === 'held') this.#peer.bulkhead.release()
  }

  #report(): UpstreamReport {
    return {
      attempts: this.#attempts,
      ...this.#clock.times(performance.now()),
      requestBytes: this.#requestBytes,
      mayHaveRun: this.#mayHaveRun,
      revision: this.#session?.revision ?? null,
    }
  }
}

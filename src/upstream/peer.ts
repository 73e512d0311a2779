import type { GatewayId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import type { CatalogGateway } from '#/catalog/model.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Reach } from '#/gateways/discovery.ts'
import { Bulkhead } from '#/lib/bulkhead.ts'
import { LeasedCache } from '#/lib/leased-cache.ts'
import { SingleFlight } from '#/lib/single-flight.ts'
import { MODERN_REVISION, type Revision } from '#/mcp/revision.ts'
import type { Transport } from '#/mcp/transport.ts'
import { cancelledNotification } from '#/mcp/upstream-requests.ts'
import { type BreakerState, CLOSED, next, passes, retryAfter } from './breaker.ts'
import { Declarations } from './declarations.ts'
import type { Carrier } from './carrier.ts'
import { detect } from './detect.ts'
import { notify, type Wire } from './initialize.ts'
import { readList } from './lists.ts'
import type { UpstreamContext } from './options.ts'
import { createSession, type Session } from './session.ts'
import { Sessions } from './sessions.ts'
import type { UpstreamRequest } from './upstreams.ts'
import type { CredentialHeaders } from './vault.ts'
import { carrierTo } from './way.ts'

interface Asked {
  readonly gateway: CatalogGateway
  readonly principal: Principal
}

/** Retries a server may cost: a tenth of its calls, and a few saved up. */
const RETRIES_PER_CALL = 0.1
const RETRIES_SAVED = 10
/** Cancellations under way to one server, and how long one may wait for its turn. */
const CANCELS = 16
const CANCEL_WAIT_MS = 5000
const CREDENTIAL_MS = 300_000

/** All that this process holds of one gateway in one version of its settings: connections, places, sessions, circuit, credentials. */
export class Peer implements Disposable {
  readonly context: UpstreamContext
  carrier: Carrier
  readonly bulkhead: Bulkhead
  readonly version: number
  /** As the catalog knew it. */
  readonly transport: Transport | null
  readonly declarations = new Declarations()
  readonly #id: GatewayId
  readonly #posting: Bulkhead
  #reach: Reach
  readonly #sessions: Sessions
  readonly #modern = createSession(MODERN_REVISION, null)
  readonly #credentials: LeasedCache<string, CredentialHeaders>
  readonly #unsealing = new SingleFlight<string, CredentialHeaders>()
  readonly #learning = new SingleFlight<'era', void>()
  /** Of a server that gives no session ids nothing needs to be opened: what was agreed once holds. */
  #assumed: Session | undefined
  #keepsState = false
  #learned: Session | undefined
  #breaker: BreakerState = CLOSED
  #retries = 1
  usedAt = performance.now()

  constructor(gateway: CatalogGateway, context: UpstreamContext) {
    this.context = context
    this.#id = gateway.id
    this.version = gateway.version
    this.transport = gateway.transport
    this.#reach = { ...gateway, clientIdentity: context.vault.identity?.(gateway) ?? null }
    this.carrier = carrierTo(this.#reach, context)
    const { inFlight, waiting, maxWaitMs } = context.limits
    this.bulkhead = new Bulkhead({ limit: inFlight, waiting, maxWaitMs }, context.deadlines)
    this.#posting = new Bulkhead({ limit: CANCELS, waiting: inFlight, maxWaitMs: CANCEL_WAIT_MS }, context.deadlines)
    this.#sessions = new Sessions(context.limits)
    this.#credentials = new LeasedCache({ max: context.limits.sessions, idleMs: CREDENTIAL_MS })
  }

  get quiet(): boolean {
    return this.bulkhead.inside === 0 && this.#sessions.size === 0
  }

  // ── circuit and retries ──

  passes(): boolean {
    return this.#breaker === CLOSED || passes(this.#breaker, performance.now())
  }

  /** Asks to go through now. 'probe': its fate decides for all. */
  enter(): 'pass' | 'probe' | 'refused' {
    this.usedAt = performance.now()
    if (this.#retries < RETRIES_SAVED) this.#retries += RETRIES_PER_CALL
    if (this.#breaker === CLOSED) return 'pass'
    if (!passes(this.#breaker, this.usedAt)) return 'refused'
    this.#breaker = next(this.#breaker, { kind: 'call', now: this.usedAt })
    return this.#breaker.kind === 'half_open' ? 'probe' : 'pass'
  }

  tell(kind: 'answered' | 'failed' | 'left'): void {
    if (kind === 'answered' && this.#breaker === CLOSED) return
    const wasClosed = this.#breaker.kind === 'closed'
    this.#breaker = next(this.#breaker, { kind, now: performance.now() })
    if ((this.#breaker.kind === 'closed') !== wasClosed) this.context.turned(this.#id)
  }

  circuitOpen(): GatewayError {
    return new GatewayError(
      'upstream_busy',
      'the server has not answered lately; it is being left alone for a moment',
      {
        retryAfter: retryAfter(this.#breaker, performance.now()),
      },
    )
  }

  spendRetry(): boolean {
    if (this.#retries < 1) return false
    this.#retries--
    return true
  }

  // ── sessions ──

  /** The session this call uses: at once wherever it is known. */
  session(asked: Asked): Session | Promise<Session> {
    const { era, revision, stateful } = asked.gateway
    if (era === 'modern') return this.#modern
    if (era === null && !this.#keepsState) return this.#learned ?? this.#learn(asked)
    if (!stateful && !this.#keepsState && revision !== null) return this.#assume(revision)
    const key = this.#sessionKey(asked)
    return this.#sessions.ready(key) ?? this.#sessions.open(key, () => this.#wire(asked))
  }

  /** The server refused to begin anything in this session. The next `session` opens another. */
  lost(asked: Asked, session: Session): void {
    this.#keepsState = true
    this.#learned = undefined
    this.#sessions.lost(this.#sessionKey(asked), session)
  }

  /** Tells the server that an answer is not wanted any more. */
  async cancel(session: Session, credentials: CredentialHeaders, requestId: number): Promise<void> {
    await this.post(
      session,
      credentials,
      cancelledNotification(requestId, 'the client cancelled, or the deadline passed'),
    )
  }

  /** Posts what has no answer: in the background, over a few connections that serve many. */
  async post(session: Session, credentials: CredentialHeaders, message: Buffer): Promise<void> {
    try {
      using _place = await this.#posting.take()
      const wire = { carrier: this.carrier, context: this.context, credentials }
      await notify(wire, session, message)
    } catch {
      // A server that cannot hear it goes on in its own time.
    }
  }

  /** Sessions are shared where the server tells nobody apart; where it keeps state, each principal has its own. */
  #sessionKey({ gateway, principal }: Asked): string {
    return gateway.stateful || this.#keepsState ? principal.key : ''
  }

  #assume(revision: Revision): Session {
    if (this.#assumed?.revision !== revision) this.#assumed = createSession(revision, null)
    return this.#assumed
  }

  /** One call finds out for all that wait what the server is; whose session each of them uses is asked again then. */
  async #learn(asked: Asked): Promise<Session> {
    await this.#learning.run('era', async () => {
      const wire = await this.#wire(asked)
      const over = (transport: Transport): Wire => ({ ...wire, carrier: this.#switch(transport) })
      const found = await detect({ transport: asked.gateway.transport, over })
      if (found.era === 'modern') this.#learned = this.#modern
      else if (found.session.id === null) this.#learned = found.session
      else {
        this.#keepsState = true
        this.#sessions.adopt(this.#sessionKey(asked), found.wire, found)
      }
    })
    return await this.session(asked)
  }

  /** What is said from here on travels this way. */
  #switch(transport: Transport): Carrier {
    if ((this.#reach.transport ?? 'STREAMABLEHTTP') === transport) return this.carrier
    this.carrier[Symbol.dispose]()
    this.#reach = { ...this.#reach, transport }
    return (this.carrier = carrierTo(this.#reach, this.context))
  }

  /** The server refused the headers made from `sent`. True: it declares others now, so another try may go better. */
  redeclares(request: UpstreamRequest, sent: UpstreamRequest['paramHeaders']): Promise<boolean> {
    const read = async () =>
      await readList('tools', { wire: await this.#wire(request), session: this.#modern, problems: [] })
    return this.declarations.renew(request, { sent, key: this.#credentialKey(request), read })
  }

  // ── credentials ──

  credentials(asked: Asked): CredentialHeaders | Promise<CredentialHeaders> {
    const key = this.#credentialKey(asked)
    const known = this.#credentials.get(key)
    if (known !== undefined) return known
    const found = this.context.vault.headers(asked.gateway, asked.principal)
    if (!(found instanceof Promise)) return this.#keep(key, found)
    return this.#unsealing.run(key, async () => this.#keep(key, await found))
  }

  /** The server refused them: the vault is asked again for the next call. */
  refused(asked: Asked): void {
    this.#credentials.delete(this.#credentialKey(asked))
  }

  #credentialKey({ gateway, principal }: Asked): string {
    return this.context.vault.perPrincipal?.(gateway) === true ? principal.key : ''
  }

  #keep(key: string, headers: CredentialHeaders): CredentialHeaders {
    this.#credentials.set(key, headers)
    return headers
  }

  async #wire(asked: Asked): Promise<Wire> {
    const credentials = await this.credentials(asked)
    return { carrier: this.carrier, context: this.context, credentials }
  }

  // ── life ──

  sweep(): void {
    this.#sessions.sweep()
    this.#credentials.sweep()
    this.carrier.sweep()
  }

  /** Calls under way go on to their end; sessions are ended at the server. */
  [Symbol.dispose](): void {
    this.#sessions.clear()
    this.carrier[Symbol.dispose]()
  }
}

import type { Principal } from '#/access/principal.ts'
import type { Sealer } from '#/access/sealing.ts'
import type { Canceller } from '#/lib/canceller.ts'
import type { Scope } from '#/catalog/snapshot.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { LegacyRevision } from '#/mcp/revision.ts'

/** What a legacy session id carries. It is sealed, so any worker opens it and nobody else can make one. */
export interface Session {
  readonly id: string
  readonly revision: LegacyRevision
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** What changes about a session: small, told to every worker, forgotten when the session would have expired. */
export type SessionFact =
  | { readonly kind: 'ended'; readonly session: string; readonly until: number }
  | { readonly kind: 'level'; readonly session: string; readonly level: string; readonly until: number }
  | { readonly kind: 'cancelled'; readonly session: string; readonly requestId: string }

interface Carried {
  readonly r: LegacyRevision
  readonly p: string
  readonly s: string
  readonly e: number
}

const LIFETIME_MS = 24 * 3600_000
const REMEMBERED = 10_000
const PURPOSE = 'session'

export interface SessionsOptions {
  readonly sealer: Sealer
  /** Tells the other workers. */
  readonly tell: (fact: SessionFact) => void
}

/** Legacy sessions of this gateway: minted, opened, ended, and the few facts about them that change. */
export class Sessions {
  readonly #options: SessionsOptions
  readonly #opened = new Map<string, Carried>()
  readonly #ended = new Map<string, number>()
  readonly #levels = new Map<string, string>()
  readonly #running = new Map<string, Canceller>()

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  mint(who: Principal, scope: Scope, revision: LegacyRevision): string {
    const carried: Carried = { r: revision, p: who.key, s: scopeKey(scope), e: Date.now() + LIFETIME_MS }
    return this.#options.sealer.seal(PURPOSE, JSON.stringify(carried))
  }

  /** The session behind an id that this principal got at this endpoint; anything else does not exist. */
  open(id: string, who: Principal, scope: Scope): Session {
    const carried = this.#opened.get(id) ?? this.#unseal(id)
    const live =
      carried.p === who.key && carried.s === scopeKey(scope) && carried.e > Date.now() && !this.#ended.has(id)
    if (!live) throw unknown()
    return { id, revision: carried.r, expiresAt: carried.e }
  }

  level(session: Session): string | undefined {
    return this.#levels.get(session.id)
  }

  /** Makes a fact true here and everywhere. */
  declare(fact: SessionFact): void {
    this.apply(fact)
    this.#options.tell(fact)
  }

  /** Makes true here what some worker declared. */
  apply(fact: SessionFact): void {
    if (fact.kind === 'ended') {
      this.#ended.set(fact.session, fact.until)
      this.#levels.delete(fact.session)
      forget(this.#ended)
    } else if (fact.kind === 'level') {
      this.#levels.set(fact.session, fact.level)
      forget(this.#levels)
    } else {
      const reason = new GatewayError('client_gone', 'the client cancelled the request')
      this.#running.get(runningKey(fact.session, fact.requestId))?.abort(reason)
    }
  }

  /** While the request runs, `notifications/cancelled` finds it. */
  running(session: Session, requestId: string, canceller: Canceller): () => void {
    const key = runningKey(session.id, requestId)
    this.#running.set(key, canceller)
    return () => this.#running.delete(key)
  }

  #unseal(id: string): Carried {
    const plain = this.#options.sealer.tryOpen(PURPOSE, id)
    if (plain === null) throw unknown()
    const carried = JSON.parse(plain.toString()) as Carried
    this.#opened.set(id, carried)
    forget(this.#opened)
    return carried
  }
}

/** `purpose` of scope in keys: the endpoint that a session or cursor belongs to. */
export function scopeKey(scope: Scope): string {
  return scope.kind === 'all' ? 'all' : `${scope.kind}:${scope.id}`
}

function runningKey(session: string, requestId: string): string {
  return `${session} ${requestId}`
}

/** Oldest first: a Map keeps the order of insertion. */
function forget(map: Map<string, unknown>): void {
  if (map.size <= REMEMBERED) return
  const oldest = map.keys().next().value
  if (oldest !== undefined) map.delete(oldest)
}

function unknown(): GatewayError {
  return new GatewayError(
    'session_not_found',
    'this session does not exist or has ended; send initialize again without Mcp-Session-Id',
  )
}

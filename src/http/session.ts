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
  /** The principal and the endpoint that it was made for. */
  readonly owner: string
  readonly scope: string
  /** Requests of this session that run on this worker, by the raw JSON of their id. */
  readonly running: Map<string, Canceller>
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
/** Opened again from its own bytes if it was forgotten. */
const MOST_OPEN = 10_000
/** An ended session must stay ended until its id expires; a day of more than this many is not a use but an attack. */
const MOST_ENDED = 100_000
const PURPOSE = 'session'

export interface SessionsOptions {
  readonly sealer: Sealer
  /** Tells the other workers. */
  readonly tell: (fact: SessionFact) => void
}

/** Legacy sessions of this gateway: minted, opened, ended, and the few facts about them that change. */
export class Sessions {
  readonly #options: SessionsOptions
  readonly #opened = new Map<string, Session>()
  readonly #ended = new Map<string, number>()
  readonly #levels = new Map<string, string>()

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  mint(who: Principal, scope: Scope, revision: LegacyRevision): string {
    const carried: Carried = { r: revision, p: who.key, s: scopeKey(scope), e: Date.now() + LIFETIME_MS }
    return this.#options.sealer.seal(PURPOSE, JSON.stringify(carried))
  }

  /** The session behind an id that this principal got at this endpoint; anything else does not exist. */
  open(id: string, who: Principal, scope: Scope): Session {
    const session = this.#opened.get(id) ?? this.#unseal(id)
    const isTheirs = session.owner === who.key && session.scope === scopeKey(scope)
    if (!isTheirs || session.expiresAt <= Date.now() || this.#hasEnded(id)) throw unknown()
    return session
  }

  #hasEnded(id: string): boolean {
    return this.#ended.size > 0 && this.#ended.has(tagOf(id))
  }

  level(session: Session): string | undefined {
    return this.#levels.size === 0 ? undefined : this.#levels.get(tagOf(session.id))
  }

  /** Makes a fact true here and everywhere. */
  declare(fact: SessionFact): void {
    this.apply(fact)
    this.#options.tell(fact)
  }

  /** Makes true here what some worker declared. */
  apply(fact: SessionFact): void {
    if (fact.kind === 'ended') {
      this.#ended.set(tagOf(fact.session), fact.until)
      this.#levels.delete(tagOf(fact.session))
      forget(this.#ended, MOST_ENDED)
    } else if (fact.kind === 'level') {
      this.#levels.set(tagOf(fact.session), fact.level)
      forget(this.#levels, MOST_OPEN)
    } else {
      const reason = new GatewayError('client_gone', 'the client cancelled the request')
      this.#opened.get(fact.session)?.running.get(fact.requestId)?.abort(reason)
    }
  }

  #unseal(id: string): Session {
    const plain = this.#options.sealer.tryOpen(PURPOSE, id)
    if (plain === null) throw unknown()
    const { r, p, s, e } = JSON.parse(plain.toString()) as Carried
    const session: Session = { id, revision: r, expiresAt: e, owner: p, scope: s, running: new Map() }
    this.#opened.set(id, session)
    forget(this.#opened, MOST_OPEN)
    return session
  }
}

/** `purpose` of scope in keys: the endpoint that a session or cursor belongs to. */
export function scopeKey(scope: Scope): string {
  let key = scopeKeys.get(scope)
  if (key === undefined) scopeKeys.set(scope, (key = scope.kind === 'all' ? 'all' : `${scope.kind}:${scope.id}`))
  return key
}

const scopeKeys = new WeakMap<Scope, string>()

/** The end of a sealed id, authentication tag included: as unique as the whole, and short enough to keep many. */
function tagOf(id: string): string {
  return id.slice(-32)
}

/** Oldest first: a Map keeps the order of insertion. */
function forget(map: Map<string, unknown>, most: number): void {
  if (map.size <= most) return
  const oldest = map.keys().next().value
  if (oldest !== undefined) map.delete(oldest)
}

function unknown(): GatewayError {
  return new GatewayError(
    'session_not_found',
    'this session does not exist or has ended; send initialize again without Mcp-Session-Id',
  )
}

import type { TokenId } from '#/access/ids.ts'
import { bearerOf } from '#/access/bearer.ts'
import type { Clients } from '#/access/client-address.ts'
import type { Identify } from '#/access/principal-of.ts'
import type { Bearer, Principal } from '#/access/principal.ts'
import type { ErrorCode } from '#/errors/codes.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { MakeUser } from '#/users/make-proxied.ts'
import type { FrontRequest } from './front-request.ts'

export interface Refused {
  readonly requestId: string
  readonly path: string
  readonly fromIp: string | null
  readonly why: string
}

/** Who is calling, by the token, or by the word of a proxy that is trusted. A promise where something has to be asked for first. */
export interface Authenticate {
  (request: FrontRequest, requestId: string): Principal | Promise<Principal>
}

/** Where the token of a request is. Throws where there is none that counts. */
export type CredentialOf = (request: FrontRequest) => string

/** Programs send theirs in the Authorization field: no browser does that by itself. */
export const bearer: CredentialOf = ({ rawHeaders }) => bearerOf(rawHeaders)

export interface Knowing {
  readonly identify: Identify
  readonly clients: Clients
  readonly credentialOf: CredentialOf
}

export interface AuthenticatorOptions extends Knowing {
  readonly refused: (refusal: Refused) => void
  /** Told of each token that was let in, and of a good one that was not, because of when, from where or how often it comes. */
  readonly uses: {
    readonly used: (tokenId: TokenId) => void
    readonly refused: (tokenId: TokenId, method: string) => void
  }
  /** Throws where a page of somebody else's has a browser ask: whom a proxy names did nothing for it. */
  readonly requirePage: (request: FrontRequest) => void
  /** Makes a user of whom a proxy names; absent: such people are made by an administrator. */
  readonly makeUser?: MakeUser | undefined
}

export function authenticator(options: AuthenticatorOptions): Authenticate {
  const { uses } = options
  const refuse = (cause: unknown, request: FrontRequest, requestId: string): never => {
    const { code, message } = GatewayError.from(cause)
    options.refused({ requestId, ...whence(request, options), why: message })
    const limited = LIMITED.has(code) ? limitedToken(request, options) : undefined
    if (limited !== undefined) uses.refused(limited, 'not let in')
    throw cause
  }
  const known = (principal: Principal): Principal => {
    uses.used(principal.tokenId)
    return principal
  }
  const namesIn = (request: FrontRequest, requestId: string): Named => {
    try {
      return namedIn(request, options.clients)
    } catch (cause) {
      return refuse(cause, request, requestId)
    }
  }
  // What another's page has a browser ask makes nobody a user: so this comes before anything is waited for.
  const requirePage = (request: FrontRequest, requestId: string): void => {
    try {
      options.requirePage(request)
    } catch (cause) {
      refuse(cause, request, requestId)
    }
  }
  return (request, requestId) => {
    const named = namesIn(request, requestId)
    if (named !== undefined) requirePage(request, requestId)
    try {
      return known(principalOf(request, named, options))
    } catch (cause) {
      const wait = worthWaiting(request, named, options)
      if (wait === undefined) return refuse(cause, request, requestId)
      return wait
        .then(() => known(principalOf(request, named, options)))
        .catch((last: unknown) => refuse(last, request, requestId))
    }
  }
}

/** A token in the Authorization field goes before what a proxy says: it was sent on purpose. A cookie does not. */
function principalOf(request: FrontRequest, named: Named, { identify, clients, credentialOf }: Knowing): Principal {
  if (named !== undefined) return identify.named(named)
  return identify(credentialOf(request), clients.of(request))
}

/** Whom a proxy names, as often as it does; undefined: nobody, or a token counts in its place. */
type Named = readonly string[] | undefined

function namedIn(request: FrontRequest, clients: Clients): Named {
  return request.headers.authorization === undefined ? clients.namedIn(request) : undefined
}

/** What may make somebody good who was just refused. */
function worthWaiting(
  request: FrontRequest,
  named: Named,
  { identify, credentialOf, makeUser }: AuthenticatorOptions,
): Promise<void> | undefined {
  const [email] = named ?? []
  if (email !== undefined)
    return named?.length === 1 && !identify.isUser(email) ? makeUser?.(email, request) : undefined
  if (identify.worthWaiting === undefined) return undefined
  try {
    return identify.worthWaiting(credentialOf(request))
  } catch {
    // It was refused because there is none.
    return undefined
  }
}

/** How a token is refused that is good, but not now, from there, or any more. */
const LIMITED: ReadonlySet<ErrorCode> = new Set(['forbidden', 'usage_limit'])

/** The token that was sent, if it is one of ours. */
function limitedToken(request: FrontRequest, { identify, credentialOf }: Knowing): TokenId | undefined {
  try {
    return identify.tokenIn(credentialOf(request))
  } catch {
    // It was refused because there is none that counts.
    return undefined
  }
}

/** Whose a request was that ended badly; null: a stranger's. */
export function callerIn(request: FrontRequest, knowing: Knowing): Bearer | null {
  try {
    return principalOf(request, namedIn(request, knowing.clients), knowing)
  } catch {
    return null
  }
}

/** The path without its query, which may hold what nobody should read in a log. */
export function whence(request: FrontRequest, { clients }: Pick<Knowing, 'clients'>): Pick<Refused, 'path' | 'fromIp'> {
  return { path: (request.url ?? '').split('?', 1)[0] ?? '', fromIp: clients.of(request).remoteAddress ?? null }
}

/** A request at a door of MCP as a route. */
export function routeOf({ method, url }: FrontRequest): string {
  const [path = ''] = (url ?? '').split('?', 1)
  return `${method} ${path.replace(/^\/(servers|gateways)\/[^/]*/, '/$1/{id}').slice(0, 64)}`
}

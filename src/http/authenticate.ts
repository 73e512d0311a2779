import type { UserId } from '#/access/ids.ts'
import { bearerOf } from '#/access/bearer.ts'
import type { Identify } from '#/access/principal-of.ts'
import type { Principal } from '#/access/principal.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { FrontRequest } from './front-request.ts'

export interface Refused {
  readonly requestId: string
  readonly path: string
  readonly fromIp: string | null
  readonly why: string
}

/** Who is calling, by the token alone. A promise where the keys that the token names have to be asked for first. */
export interface Authenticate {
  (request: FrontRequest, requestId: string): Principal | Promise<Principal>
}

/** Where the token of a request is. Throws where there is none that counts. */
export type CredentialOf = (request: FrontRequest) => string

/** Programs send theirs in the Authorization field: no browser does that by itself. */
export const bearer: CredentialOf = ({ rawHeaders }) => bearerOf(rawHeaders)

export function authenticator(
  identify: Identify,
  refused: (refusal: Refused) => void,
  credentialOf: CredentialOf,
): Authenticate {
  const judge = (request: FrontRequest): Principal => identify(credentialOf(request), request.socket)
  const refuse = (cause: unknown, request: FrontRequest, requestId: string): never => {
    refused({ requestId, ...whence(request), why: GatewayError.from(cause).message })
    throw cause
  }
  return (request, requestId) => {
    try {
      return judge(request)
    } catch (cause) {
      const wait = worthWaiting(request, identify, credentialOf)
      if (wait === undefined) return refuse(cause, request, requestId)
      return wait.then(() => judge(request)).catch((last: unknown) => refuse(last, request, requestId))
    }
  }
}

/** What may make a token good that was just refused. */
function worthWaiting(
  request: FrontRequest,
  identify: Identify,
  credentialOf: CredentialOf,
): Promise<void> | undefined {
  if (identify.worthWaiting === undefined) return undefined
  try {
    return identify.worthWaiting(credentialOf(request))
  } catch {
    // It was refused because there is none.
    return undefined
  }
}

/** Whose a request was that ended badly; null: a stranger's. */
export function callerIn(request: FrontRequest, identify: Identify): UserId | null {
  try {
    return identify(bearer(request), request.socket).userId
  } catch {
    return null
  }
}

/** The path without its query, which may hold what nobody should read in a log. */
export function whence({ url = '', socket }: FrontRequest): Pick<Refused, 'path' | 'fromIp'> {
  return { path: url.split('?', 1)[0] ?? '', fromIp: socket.remoteAddress ?? null }
}

import { clientNetwork, type ClientNetwork } from '#/access/client-network.ts'
import { hashPassword, NOBODYS_HASH, verifyPassword } from '#/access/password.ts'
import type { RequestContext } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { freshSession } from './fresh-session.ts'
import type { Session, SignInDeps, Subject } from './session.ts'

export interface Credentials {
  readonly email: string
  readonly password: string
  /** It is asked for to be replaced. */
  readonly isGoing?: true
}

/** Somebody who just showed that it knows its password. */
export interface Proven {
  readonly subject: Subject
  readonly network: ClientNetwork
  /** The same password hashed anew, where that is due. */
  readonly rehashed: string | null
}

/**
 * Whether these credentials are somebody's. A guess is counted before it is looked at, so that many at once are many; the same happens,
 * for as long, whether there is no such user, it has no password, is disabled, or the password is wrong.
 */
export async function prove(
  deps: SignInDeps,
  { email, password, isGoing }: Credentials,
  request: RequestContext,
): Promise<Proven> {
  const network = clientNetwork(request.fromIp)
  using _place = await deps.places(network.network, request.signal)
  const guess = await deps.store.guess(email, network)
  if (guess.closedForMs !== null) throw tooMany(guess.closedForMs)
  const { subject } = guess
  const { right, stale } = await verifyPassword(password, subject?.hash ?? NOBODYS_HASH)
  if (right && subject?.enabled === true) {
    // Of a password that is replaced, or has to be, nobody needs another hash.
    const isDue = stale && isGoing !== true && !subject.mustChange
    // In the same place: who signs in computes one hash after the other.
    const anew = () => hashPassword(password)
    return { subject, network, rehashed: isDue ? await forgiving(deps, { subject, network }, anew) : null }
  }
  const { userId = null, email: known = null } = subject ?? {}
  deps.failed({ requestId: request.requestId, fromIp: request.fromIp, userId, email: known })
  throw new GatewayError('unauthenticated', 'Invalid email or password')
}

/** Does what a right password is for. Where that fails, the password was no guess all the same. */
export async function forgiving<T>(
  { store }: SignInDeps,
  { subject, network }: Pick<Proven, 'subject' | 'network'>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    // Where that cannot be written either, it stays one guess, which is forgotten within the hour.
    await store.forgive(subject.email, network).catch(() => {})
    throw cause
  }
}

/** A session for whoever knows its password. */
export async function signIn(deps: SignInDeps, credentials: Credentials, request: RequestContext): Promise<Session> {
  const proven = await prove(deps, credentials, request)
  await forgiving(deps, proven, async () => {
    if (proven.subject.mustChange) throw changeRequired()
  })
  return await begin(deps, { ...proven, request })
}

interface Beginning extends Proven {
  readonly request: RequestContext
}

/** The session of a user whose password is right, if that is still so when it is written. */
export async function begin(deps: SignInDeps, { subject, network, rehashed, request }: Beginning): Promise<Session> {
  const session = { ...freshSession(deps.times, request), subject, rehashed, network }
  const made = await forgiving(deps, { subject, network }, async () => {
    const written = await deps.store.begin(session)
    if (written !== undefined) return written
    throw new GatewayError('unauthenticated', 'Invalid email or password')
  })
  await deps.settled(made.seq)
  return { text: session.secret.text, lifeMs: session.lifeMs, email: subject.email }
}

export function tooMany(ms: number): GatewayError {
  const retryAfter = Math.max(1, Math.ceil(ms / 1000))
  const message = `too many failed sign-ins: wait ${retryAfter} s, or ask an administrator`
  return new GatewayError('overloaded', message, { retryAfter })
}

function changeRequired(): GatewayError {
  const how = 'POST /auth/email/change-password with email, old_password and new_password'
  return new GatewayError('forbidden', `Password change required: ${how}`, { data: { password_change_required: true } })
}

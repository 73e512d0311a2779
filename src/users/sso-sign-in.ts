import { clientNetwork, type ClientNetwork } from '#/access/client-network.ts'
import type { RequestContext } from '#/api/endpoint.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { freshSession } from './fresh-session.ts'
import type { Session } from './session.ts'
import { tooMany } from './sign-in.ts'
import { spent, withCodeSpent } from './sso-again.ts'
import { markOf, type Login, type Step } from './sso-login.ts'
import { personFor, rolesOf } from './sso-person.ts'
import type { AuthorizationAnswer } from './sso-provider.ts'
import type { Mark, Person, SsoDeps, Vouched } from './sso.ts'

/** What is told of a refusal, wherever it came from. */
const RETRY_S = 5

/** A place to begin a sign-in, which waits for the provider where that is not known yet. Refused where nobody of this network is heard. */
export async function beginningPlace(
  { beginnings, store }: SsoDeps,
  { fromIp, signal }: RequestContext,
): Promise<Disposable> {
  const network = clientNetwork(fromIp)
  using held = new DisposableStack()
  held.use(await beginnings(network.network, signal))
  await requireOpen(store, network)
  return held.move()
}

async function requireOpen(store: SsoDeps['store'], network: ClientNetwork): Promise<void> {
  const closedForMs = await store.closedForMs(network)
  if (closedForMs !== null) throw tooMany(closedForMs)
}

/** Whom the provider vouches for. What goes wrong between it and us is no fault of whoever signs in: then it can be tried again. */
export async function vouched(deps: SsoDeps, { login, answer }: Answered, request: RequestContext): Promise<Vouched> {
  const { provider, places, store } = deps
  const network = clientNetwork(request.fromIp)
  using _place = await places(network.network, request.signal)
  await requireOpen(store, network)
  const mark = markFor(login, 'answer')
  // Before anything is asked: a provider takes a code that comes twice for a stolen one.
  if (!(await store.claim(mark))) throw spent(used(), deps, login)
  const redeemed = await heard(deps, request, async () => {
    await provider.requireIssuer(answer.iss)
    return await provider.redeem(login, answer, request.signal)
  }).catch(async (cause: unknown) => {
    const error = GatewayError.from(cause)
    if (error.code !== 'unavailable') throw spent(error, deps, login)
    await store.release(mark)
    throw error
  })
  return await withCodeSpent(deps, login, () =>
    heard(deps, request, () => provider.vouch(login, redeemed, request.signal)),
  )
}

interface Answered {
  readonly login: Login
  readonly answer: AuthorizationAnswer
}

/** What the provider refuses is counted against where it came from, and told to the security log. */
async function heard<T>(
  { store, signIn }: Pick<SsoDeps, 'store' | 'signIn'>,
  { fromIp, requestId }: RequestContext,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    const error = providerFault(cause)
    if (error.code === 'unauthenticated') {
      await store.refused(clientNetwork(fromIp))
      signIn.failed({ requestId, fromIp, userId: null, email: null, why: error.message })
    }
    throw error
  }
}

/** A provider that is away, or is not what it should be, is something that may be over in a moment. */
export function providerFault(cause: unknown): GatewayError {
  const error = GatewayError.from(cause)
  if (!/^upstream_|^forbidden_address$|^unavailable$/.test(error.code)) return error
  const message = 'the identity provider cannot be asked now; try again in a moment, or sign in with a password'
  return new GatewayError('unavailable', message, { cause: error, retryAfter: error.retryAfter ?? RETRY_S })
}

/** Who would come in. Refuses who would not, as long as there is a browser to say so. */
export async function requirePerson({ rules, store }: Pick<SsoDeps, 'rules' | 'store'>, who: Vouched): Promise<Person> {
  return personFor(who, await store.known(rules.issuer, who.subject, who.email), rules)
}

/** The session of somebody whom the provider vouches for: with what its groups bring and take, as one change. */
export async function enter(
  { rules, store, signIn }: SsoDeps,
  { vouched: who, login }: { readonly vouched: Vouched; readonly login: Pick<Login, 'state' | 'endsAt'> },
  request: RequestContext,
): Promise<Session> {
  const person = await requirePerson({ rules, store }, who)
  const session = freshSession(signIn.times, request)
  const entered = await store.enter({
    mark: markFor(login, 'session'),
    issuer: rules.issuer,
    vouched: who,
    person,
    roles: rolesOf(who, rules),
    session,
  })
  if (entered === 'used') throw used()
  if (entered === 'disabled')
    throw new GatewayError('forbidden', 'you cannot sign in: this account was disabled, or unlinked, a moment ago')
  if (entered === 'changed')
    throw new GatewayError('conflict', 'somebody signed in as the same user a moment ago: begin again')
  await signIn.settled(entered.seq)
  return { text: session.secret.text, lifeMs: session.lifeMs, email: entered.email }
}

function markFor(login: Pick<Login, 'state' | 'endsAt'>, step: Step): Mark {
  return { name: markOf(login, step), leftMs: Math.max(0, login.endsAt - Date.now()) }
}

function used(): GatewayError {
  return new GatewayError('invalid_request', 'this sign-in was finished before: begin again', { field: 'state' })
}

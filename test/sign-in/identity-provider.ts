import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Provider } from 'oidc-provider'
import { listen } from '../support/listen.ts'
import { signed, signingKey } from '../support/signed-tokens.ts'

export const CLIENT = { id: 'causeway', secret: 'a-secret:with/and+and&%20' } as const

/** What the provider knows of somebody, as claims. */
export type PersonClaims = Readonly<Record<string, unknown>>

export interface IdentityProvider extends AsyncDisposable {
  readonly issuer: string
  /** By subject. */
  readonly people: Map<string, PersonClaims>
  /** What its tokens say instead; the signature is its own all the same. */
  bend: ((claims: PersonClaims) => PersonClaims) | undefined
  /** How long it takes for a token. */
  delayMs: number
  /** A path that answers 503. */
  broken: string | undefined
  /** Requests by path. */
  readonly asked: Map<string, number>
  /** Goes away, for good. */
  stop(): Promise<void>
}

interface Options {
  readonly redirectUri: string
  /** Everything stands in the ID token, rather than at userinfo. */
  readonly wholeIdToken?: boolean
  readonly secretInForm?: boolean
  readonly port?: number
}

/** A certified OpenID provider on a port of its own. Whoever the browser's cookie `who` names signs in; nobody is asked anything. */
export async function identityProvider(options: Options): Promise<IdentityProvider> {
  const key = signingKey('RS256', 'k1')
  const people = new Map<string, PersonClaims>()
  let handler: (request: IncomingMessage, response: ServerResponse) => void = () => {}
  const listening = await listen((request, response) => handler(request, response), options.port)
  const issuer = listening.origin
  const provider = new Provider(issuer, configuration(options, { people, jwk: privateJwk(key) }))
  const state: IdentityProvider = {
    issuer,
    people,
    bend: undefined,
    delayMs: 0,
    broken: undefined,
    asked: new Map(),
    stop: async () => await listening[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  }
  provider.use(async (context, next) => {
    state.asked.set(context.path, (state.asked.get(context.path) ?? 0) + 1)
    if (context.path === state.broken) {
      context.status = 503
      return
    }
    await next()
    if (context.path !== '/token') return
    await sleep(state.delayMs)
    const body = context.body as { readonly id_token?: string }
    if (state.bend === undefined || body?.id_token === undefined) return
    context.body = { ...body, id_token: signed(key, state.bend(claimsIn(body.id_token))) }
  })
  const callback = provider.callback()
  handler = (request, response) => {
    if (request.url?.startsWith('/interaction/') === true)
      interact(provider, request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
    else callback(request, response)
  }
  return state
}

const claimsIn = (token: string): PersonClaims =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as PersonClaims

function privateJwk({ privateKey, kid, alg }: ReturnType<typeof signingKey>): object {
  if (typeof privateKey === 'string') throw new TypeError('a provider signs with a key pair')
  return { ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' }
}

function configuration(
  { redirectUri, wholeIdToken = false, secretInForm = false }: Options,
  { people, jwk }: { readonly people: ReadonlyMap<string, PersonClaims>; readonly jwk: object },
): object {
  return {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code'],
        response_types: ['code'],
        token_endpoint_auth_method: secretInForm ? 'client_secret_post' : 'client_secret_basic',
      },
    ],
    clientAuthMethods: [secretInForm ? 'client_secret_post' : 'client_secret_basic'],
    cookies: { keys: [randomBytes(16).toString('hex')] },
    jwks: { keys: [jwk] },
    pkce: { required: () => true },
    scopes: ['openid', 'email', 'profile', 'groups'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
    conformIdTokenClaims: !wholeIdToken,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_: unknown, { uid }: { readonly uid: string }) => `/interaction/${uid}` },
    findAccount: (_: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ sub: accountId, ...people.get(accountId) }),
    }),
    ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, AuthorizationCode: 60, IdToken: 600 },
  }
}

async function interact(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response)
  const [, who] = /(?:^|; )who=([^;]+)/.exec(request.headers.cookie ?? '') ?? []
  if (who === undefined)
    return await provider.interactionFinished(request, response, { error: 'access_denied', error_description: 'no' })
  if (prompt.name === 'login')
    return await provider.interactionFinished(request, response, { login: { accountId: who } })
  const grant = new provider.Grant({ accountId: session?.accountId, clientId: params['client_id'] })
  grant.addOIDCScope(String(params['scope']))
  return await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } })
}

/** A browser that follows from `url` until it is sent back to `home`. `who` signs in on the way; null: nobody wants to. */
export async function browse(url: string, home: string, who: string | null): Promise<string> {
  const cookies = new Map<string, string>(who === null ? [] : [['who', who]])
  let at = url
  for (let step = 0; step < 10; step++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(at, { redirect: 'manual', headers: { cookie } })
    for (const set of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    const text = await answer.text()
    const location = answer.headers.get('location')
    if (location === null)
      throw new Error(
        `the provider answered ${answer.status} at ${at}: ${text.replaceAll(/<style>[\s\S]*<\/style>|<[^>]+>|\s+/g, ' ')}`,
      )
    at = new URL(location, at).href
    if (at.startsWith(home)) return at
  }
  throw new Error(`the provider sends the browser round and round: ${at}`)
}

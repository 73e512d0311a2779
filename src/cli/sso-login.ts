import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { once } from 'node:events'
import { challengeOf, comparisonCode, isSameText, randomText } from '#/lib/pkce.ts'
import { createServer } from '#/lib/node-http.ts'
import type { Api, Json } from './api.ts'
import { CliError } from './cli-error.ts'
import { isSameGateway, requireSameGateway } from './same-gateway.ts'

/** Where a gateway has browsers sign in; null: nowhere. */
export async function browserSignIn(api: Api): Promise<{ readonly issuer: string; readonly loginUrl: string } | null> {
  const { issuer, login_url: loginUrl } = await api.json('GET', '/v1/auth/sso')
  return typeof issuer === 'string' && typeof loginUrl === 'string' ? { issuer, loginUrl } : null
}

interface Asking {
  readonly loginUrl: string
  readonly stop: AbortSignal
  /** Shows a person where to go with a browser, and the code that the page there has to show as well. */
  readonly show: (url: string, code: string) => void
}

/** As long as the gateway keeps a sign-in open. */
const WITHIN_MS = 600_000

/**
 * A session from the browser of whoever sits here: it ends at a port of this machine that nobody else is told (RFC 8252, 7.3). Throws
 * where the browser would sign in at another gateway, or did.
 */
export async function signInWithBrowser(api: Api, { loginUrl, stop, show }: Asking): Promise<Json> {
  requireSameGateway(api.url, loginUrl)
  const verifier = randomText()
  const challenge = challengeOf(verifier)
  const state = randomText()
  const server = createServer().listen(0, '127.0.0.1')
  try {
    await once(server, 'listening')
    const url = new URL(loginUrl)
    url.searchParams.set('loopback_port', String(portOf(server)))
    url.searchParams.set('challenge', challenge)
    url.searchParams.set('loopback_state', state)
    show(url.href, comparisonCode(challenge))
    const until = AbortSignal.any([stop, AbortSignal.timeout(WITHIN_MS)])
    const code = await codeFrom(server, { state, gateway: api.url }, until)
    return await api.json('POST', '/v1/auth/sso/token', JSON.stringify({ code, verifier }))
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new CliError('no port of this machine is free')
  return address.port
}

interface Expected {
  readonly state: string
  readonly gateway: string
}

/** What the browser brings. Whatever else knocks at the port is sent away. */
function codeFrom(server: Server, expected: Expected, until: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const over = (): void => reject(overdue(until))
    if (until.aborted) return over()
    until.addEventListener('abort', over, { once: true })
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const brought = broughtBy(request, expected)
      if (brought === undefined) {
        response.writeHead(404, PAGE).end('Nothing here.\n')
        return
      }
      until.removeEventListener('abort', over)
      const { status, said, outcome } = brought
      response.writeHead(status, PAGE).end(said)
      response.once('close', () => (typeof outcome === 'string' ? resolve(outcome) : reject(outcome)))
    })
  })
}

interface Brought {
  /** What the browser is answered. */
  readonly status: number
  readonly said: string
  /** The code, or why there is none. */
  readonly outcome: string | CliError
}

function broughtBy({ url }: IncomingMessage, { state, gateway }: Expected): Brought | undefined {
  // What is no path, such as //, is nothing of ours either.
  const query = URL.parse(url ?? '/', 'http://127.0.0.1')?.searchParams
  const code = query?.get('code') ?? null
  const isCancelled = query?.get('error') === 'access_denied'
  if ((code === null && !isCancelled) || !isSameText(query?.get('state') ?? '', state)) return undefined
  // Whoever gives the code out says its name (RFC 9207): a gateway could have sent the browser on to another one.
  if (!isSameGateway(gateway, query?.get('iss') ?? '')) {
    const said = 'This sign-in was at another gateway: go back to the terminal.\n'
    return { status: 400, said, outcome: elsewhere(gateway) }
  }
  const said =
    code === null
      ? 'Cancelled: nobody was signed in. This page can be closed.\n'
      : 'You are signed in: go back to the terminal. This page can be closed.\n'
  return { status: 200, said, outcome: code ?? cancelled() }
}

const PAGE = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', connection: 'close' }

function overdue(until: AbortSignal): unknown {
  const { reason } = until
  if (!(reason instanceof DOMException && reason.name === 'TimeoutError')) return reason
  return new CliError('nobody signed in with the browser for ten minutes: causeway login begins again')
}

function cancelled(): CliError {
  return new CliError('it was cancelled in the browser, and nobody was signed in', { code: 'cancelled' })
}

function elsewhere(gateway: string): CliError {
  const message = `the browser signed in at another gateway than ${gateway}, which was not given the session: ask who runs it`
  return new CliError(message, { code: 'other_gateway' })
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type HTTPMethods,
  type RouteOptions,
} from 'fastify'
import type { Bearer, Principal } from '#/access/principal.ts'
import type { UnderWay } from '#/access/under-way.ts'
import type { Edge } from '#/api/edge.ts'
import type { Endpoint, Refusal } from '#/api/endpoint.ts'
import { PERMISSIONS } from '#/access/permissions.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { OwnPages } from './own-page.ts'
import { requestIdOf } from './rest-request-id.ts'
import { admit, admitStranger, reserveWhatComes, STRANGERS_BODY, type RestAdmission } from './rest-admission.ts'
import { asGatewayError, EDGE_DECORATOR, sendError } from './rest-errors.ts'
import { sendRefusal } from './rest-refusal.ts'
import { callerOf, PRINCIPAL_DECORATOR, principalOf, rememberPrincipal, runnerOf } from './rest-run.ts'
import { requireRoute } from './rest-narrowed.ts'
import type { WebAnswers } from './web-answers.ts'

export interface RestOptions extends RestAdmission {
  readonly endpoints: readonly Endpoint[]
  /** Which forms of requests and answers are known besides the clean one. */
  readonly edge: Edge
  /** Who is calling. Throws `unauthenticated`; any other failure also denies. */
  readonly authenticate: (request: IncomingMessage, requestId: string) => Principal | Promise<Principal>
  readonly web: WebAnswers
  /** What its headers say of the browser that asks, if it is one. */
  readonly browserOf: OwnPages['browserOf']
  /** Whoever was let in, as it is now: the same object where nothing changed. Throws where it would not be let in any more. */
  readonly again: (principal: Principal) => Principal
  /** Where streams of answers are, for as long as whoever reads them may. */
  readonly underWay: UnderWay
  /** Told of every request that ends with an error: for the log. */
  readonly failed: (failure: RestFailure) => void
}

export interface RestFailure {
  readonly requestId: string
  readonly path: string
  readonly error: GatewayError
  readonly fromIp: string | null
  /** null: a stranger. */
  readonly who: Bearer | null
  /** `GET /tools/{id}`, under whichever prefix. */
  readonly route: string
}

export interface RestApp extends AsyncDisposable {
  /** For a node:http server; answers everything that the MCP half has not taken. */
  readonly handler: (req: IncomingMessage, res: ServerResponse) => void
}

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** The REST half of the front door: every endpoint at /v1 and unprefixed. Throws where an endpoint says no permission. */
export async function restApp(options: RestOptions): Promise<RestApp> {
  const app = Fastify({
    logger: false,
    genReqId: requestIdOf,
    bodyLimit: options.bodyLimit,
    exposeHeadRoutes: false,
    // What fails before a route is found runs no hooks.
    frameworkErrors: (cause, request, reply) => {
      secure(options, request, reply)
      void sendError(reply, cause)
    },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2048 },
  })
  app.decorate(EDGE_DECORATOR, options.edge)
  app.decorateRequest(PRINCIPAL_DECORATOR, null)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.addHook('onRequest', (request, reply, done) => {
    secure(options, request, reply)
    done()
  })
  app.setErrorHandler((cause, request, reply) => {
    report(options, cause, request)
    return sendError(reply, cause)
  })
  app.setNotFoundHandler((_request, reply) => sendError(reply, new GatewayError('endpoint_not_found', 'Not Found')))
  mount(app, options)
  await app.ready()
  return {
    handler: (req, res) => app.routing(req, res),
    [Symbol.asyncDispose]: async () => await app.close(),
  }
}

/** Headers that every answer carries. */
function secure({ web }: RestOptions, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(web.namedFor(request.raw))
  reply.header('x-request-id', request.id).header('x-correlation-id', request.id)
}

function mount(app: FastifyInstance, options: RestOptions): void {
  const byPath = Map.groupBy(options.endpoints, pathOf)
  for (const [path, endpoints] of byPath)
    for (const url of [path, `/v1${path}`]) {
      const here = endpoints.filter((endpoint) => url === path || endpoint.rootOnly !== true)
      for (const endpoint of here) route(app, options, { endpoint, url })
      if (here.length > 0) others(app, url, here.map(methodOf))
    }
}

function route(
  app: FastifyInstance,
  options: RestOptions,
  { endpoint, url }: { endpoint: Endpoint; url: string },
): void {
  const { permission } = endpoint
  if (permission !== 'public' && !(PERMISSIONS as readonly unknown[]).includes(permission))
    throw new Error(`${endpoint.route} names no permission; say 'public' if it is open to strangers`)
  app.route({
    method: methodOf(endpoint),
    url,
    ...(permission === 'public' && { bodyLimit: Math.min(options.bodyLimit, STRANGERS_BODY) }),
    onRequest: async (request, reply) => {
      if (permission === 'public') return admitStranger(options, endpoint, [request, reply])
      const principal = await options.authenticate(request.raw, request.id)
      rememberPrincipal(request, principal)
      reply.header('cache-control', 'no-store, private')
      admit(options, principal, [request, reply])
      requireRoute(principal, endpoint, request.params)
    },
    preParsing: (request, reply, ...[payload, done]) => {
      reserveWhatComes(request, reply)
      done(null, payload)
    },
    // A body may take its time, and what was so at its head need not be so any more.
    preHandler: async (request) => {
      if (permission === 'public') return
      const principal = options.again(principalOf(request))
      requireRoute(principal, endpoint, request.params)
      rememberPrincipal(request, principal)
    },
    ...(endpoint.refusal && { errorHandler: refusing(options, endpoint.refusal) }),
    handler: runnerOf(endpoint, options),
  })
}

function refusing(options: RestOptions, refusal: Refusal): NonNullable<RouteOptions['errorHandler']> {
  return (cause, request, reply) => {
    report(options, cause, request)
    void sendRefusal(reply, cause, refusal)
  }
}

/** Every other method of a path that exists: 405 with the methods that it has. */
function others(app: FastifyInstance, url: string, has: readonly HTTPMethods[]): void {
  const allow = has.join(', ')
  app.route({
    method: METHODS.filter((method) => !has.includes(method)),
    url,
    handler: (_request, reply) =>
      sendError(reply.header('allow', allow), new GatewayError('method_not_allowed', 'Method Not Allowed')),
  })
}

function methodOf(endpoint: Endpoint): HTTPMethods {
  return endpoint.route.slice(0, endpoint.route.indexOf(' '))
}

/** `/tools/{id}` of an endpoint in the router's own notation; a URI is all that follows, with its slashes as they are or encoded. */
function pathOf(endpoint: Endpoint): string {
  return endpoint.route
    .slice(endpoint.route.indexOf(' ') + 1)
    .replace('{uri}', '*')
    .replaceAll(/\{(\w+)\}/g, ':$1')
}

function report({ failed, clients }: RestOptions, cause: unknown, request: FastifyRequest): void {
  // A body that broke off is its client's doing.
  if (request.raw.errored === cause) return
  const { id: requestId } = request
  const fromIp = clients.of(request.raw).remoteAddress ?? null
  const path = request.routeOptions.url ?? ''
  const route = `${request.method} ${path.replace(/^\/v1(?=\/)/, '').replaceAll(/:(\w+)/g, '{$1}')}`
  failed({ requestId, path, error: asGatewayError(cause), fromIp, who: callerOf(request), route })
}

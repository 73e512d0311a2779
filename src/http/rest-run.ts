import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { allowAny } from '#/access/allow.ts'
import type { Clients } from '#/access/client-address.ts'
import type { Principal } from '#/access/principal.ts'
import { cookieCredential } from '#/access/session-cookie.ts'
import type { Ongoing, UnderWay } from '#/access/under-way.ts'
import { ifMatchVersion, noneMatch } from '#/api/conditional.ts'
import type { Edge, Json } from '#/api/edge.ts'
import type { Endpoint, EndpointInput, Reply, RequestContext } from '#/api/endpoint.ts'
import { idempotencyOf } from '#/api/idempotency.ts'
import { type Check, checkerOf, queryValues } from '#/api/validate.ts'
import type { Permission } from '#/access/permissions.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { patiently } from '#/lib/patience.ts'
import type { RestOptions } from './rest.ts'
import { bodyOf, formOf } from './rest-body.ts'
import { requireRoute } from './rest-narrowed.ts'

interface Checks {
  readonly edge: Edge
  readonly query: Check | undefined
  readonly body: Check | undefined
}

/** One endpoint's way from an admitted request to its answer: validate, handle, answer. */
export function runnerOf(
  endpoint: Endpoint,
  {
    edge,
    underWay,
    authenticate,
    browserOf,
    clients,
  }: Pick<RestOptions, 'edge' | 'underWay' | 'authenticate' | 'browserOf' | 'clients'>,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  const checks: Checks = {
    edge,
    query: endpoint.query && checkerOf(endpoint.query, 'query'),
    body: endpoint.body && checkerOf(endpoint.body, 'body'),
  }
  return async (request, reply) => {
    const context = contextOf(request, reply, clients)
    const handle = (input: unknown): Promise<Reply> => patiently(() => endpoint.handle(input as never))
    if (endpoint.permission === 'public') {
      const caller = async (): Promise<Principal> => await authenticate(request.raw, request.id)
      const { body } = bodyIn(endpoint, checks, request)
      const { headers } = request
      const query = namedQuery(endpoint, checks, request)
      const asked = { params: paramsOf(request), query, body, headers, browser: browserOf(headers) }
      return answer(endpoint, reply, await handle({ ...asked, request: context, caller }))
    }
    const input = inputOf(endpoint, checks, { request, context, permission: endpoint.permission })
    const said = await handle(input)
    if (said.body instanceof Readable) watch(endpoint, { request, reply, said, underWay })
    return answer(endpoint, reply, edge.reply(endpoint, said))
  }
}

interface Admitted {
  readonly request: FastifyRequest
  readonly context: RequestContext
  readonly permission: Permission
}

function inputOf(
  endpoint: Endpoint,
  checks: Checks,
  { request, context, permission }: Admitted,
): EndpointInput<Permission, unknown, unknown, unknown> {
  const principal = principalOf(request)
  const rawQuery = checks.edge.query(endpoint, request.query as Json)
  requireDryRun(endpoint, rawQuery)
  const query = endpoint.query ? queryValues(endpoint.query, rawQuery) : {}
  checks.query?.(query)
  const { body, rawBody } = bodyIn(endpoint, checks, request)
  const headers = singleHeaders(request)
  return {
    params: paramsOf(request),
    query,
    body,
    rawBody,
    principal,
    grant: allowAny(principal, permission),
    idempotency:
      request.method === 'POST'
        ? idempotencyOf(headers['idempotency-key'], endpoint.route, [request.params, body])
        : null,
    ifMatch: ifMatchVersion(headers['if-match']),
    headers,
    request: context,
  }
}

/** Whoever sends a browser to us may add what it likes to the address. */
function namedQuery({ query: schema }: Endpoint, checks: Checks, request: FastifyRequest): unknown {
  const query = schema ? queryValues(schema, request.query as Json) : {}
  checks.query?.(query)
  return query
}

function bodyIn(endpoint: Endpoint, checks: Checks, request: FastifyRequest): { body: unknown; rawBody: Buffer } {
  const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  const body = endpoint.body ? checkedBody(endpoint, rawBody, { request, edge: checks.edge }) : {}
  checks.body?.(body)
  return { body, rawBody }
}

/** Whoever asks what a change would do is not answered by doing it. */
function requireDryRun({ route, query }: Endpoint, asked: Json): void {
  if (!('dry_run' in asked) || route.startsWith('GET ') || query?.properties['dry_run'] !== undefined) return
  throw new GatewayError('invalid_field', 'dry_run: this route has no dry run, and nothing was done', {
    field: 'dry_run',
  })
}

function paramsOf({ params }: FastifyRequest): unknown {
  const { '*': uri, ...named } = params as Readonly<Record<string, string>>
  return uri === undefined ? named : { ...named, uri }
}

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i

function checkedBody(
  endpoint: Endpoint,
  bytes: Buffer,
  { request, edge }: { readonly request: FastifyRequest; readonly edge: Edge },
): unknown {
  const type = request.headers['content-type']
  if (endpoint.bodyType === 'form') return formOf(bytes, type)
  if (bytes.length > 0 && type !== undefined && !JSON_TYPE.test(type))
    throw new GatewayError('unsupported_media', 'send the body as application/json')
  return bodyOf(endpoint, bytes, edge)
}

const PRINCIPAL = 'causewayPrincipal'

export function rememberPrincipal(request: FastifyRequest, principal: Principal): void {
  request.setDecorator(PRINCIPAL, principal)
}

interface Streaming {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly said: Reply
  readonly underWay: UnderWay
}

/** A stream goes on for as long as its reader might ask for it anew. */
function watch(endpoint: Endpoint, { request, reply, said, underWay }: Streaming): void {
  const ongoing: Ongoing = {
    mayGoOn: (principal) => {
      requireRoute(principal, endpoint, request.params)
      said.mayGoOn?.(principal)
    },
    end: () => reply.raw.destroy(),
  }
  // Its reader left while it was being made.
  if (reply.raw.destroyed) return
  const going = underWay.begin(ongoing, principalOf(request))
  reply.raw.once('close', () => going[Symbol.dispose]())
}

/** Of a request to a route that is not public. */
export function principalOf(request: FastifyRequest): Principal {
  const principal = callerOf(request)
  if (principal === null) throw new TypeError('a route that needs a permission was reached without a principal')
  return principal
}

/** null: it has not been asked who this is. */
export function callerOf(request: FastifyRequest): Principal | null {
  return request.getDecorator<Principal | null>(PRINCIPAL)
}

export const PRINCIPAL_DECORATOR = PRINCIPAL

function contextOf(request: FastifyRequest, reply: FastifyReply, clients: Clients): RequestContext {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort(new GatewayError('client_gone', 'the client went away'))
  })
  const headers = singleHeaders(request)
  const userAgent = headers['user-agent'] ?? null
  return {
    requestId: request.id,
    signal: gone.signal,
    via: userAgent?.startsWith('causeway-cli/') ? 'cli' : cookieCredential(headers) === undefined ? 'api' : 'ui',
    fromIp: clients.of(request.raw).remoteAddress ?? null,
    userAgent: userAgent?.slice(0, 512) ?? null,
    traceparent: headers['traceparent'],
  }
}

function singleHeaders(request: FastifyRequest): Readonly<Record<string, string | undefined>> {
  const headers: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(request.headers))
    headers[name] = Array.isArray(value) ? value.join(', ') : value
  return headers
}

function answer(endpoint: Endpoint, reply: FastifyReply, { status, headers, body }: Reply): FastifyReply {
  if (headers) reply.headers(headers)
  const etag = headers?.['etag']
  if (
    reply.request.method === 'GET' &&
    typeof etag === 'string' &&
    noneMatch(reply.request.headers['if-none-match'], etag)
  )
    return reply.code(304).send()
  reply.code(status ?? endpoint.status ?? 200)
  if (body === undefined) return reply.send()
  if (body instanceof Readable) return reply.send(body)
  if (!reply.hasHeader('content-type'))
    reply.header('content-type', endpoint.replyType ?? 'application/json; charset=utf-8')
  return reply.send(Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)))
}

import type { Static, TObject, TProperties, TSchema } from 'typebox'
import type { Grant } from '#/access/allow.ts'
import type { Permission } from '#/access/permissions.ts'
import type { Principal } from '#/access/principal.ts'
import type { GatewayError } from '#/errors/gateway-error.ts'
import type { Browser } from './browser.ts'

export interface RequestContext {
  readonly requestId: string
  readonly signal: AbortSignal
  readonly via: 'api' | 'cli' | 'ui' | 'import' | 'start'
  readonly fromIp: string | null
  readonly userAgent: string | null
  /** W3C traceparent the caller sent. */
  readonly traceparent: string | undefined
}

/** What a handler answers: 200 (or the endpoint's status) and the body as JSON. A Buffer is JSON that is sent as it is, a stream is sent as it comes. */
export interface Reply<Body = unknown> {
  readonly status?: number
  /** A list: the field is there as often. */
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body: Body
  /** Of a stream about one thing: throws where this principal may not go on reading it. */
  readonly mayGoOn?: (principal: Principal) => void
}

/** An Idempotency-Key with what it was sent for: the same key with another hash is a mistake of the client. */
export interface Idempotency {
  readonly key: string
  /** SHA-256 of the route and the body. */
  readonly hash: Buffer
}

export interface EndpointInput<P extends Permission, Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  /** The body as it came, for what must be passed on byte for byte. Empty without a body. */
  readonly rawBody: Buffer
  readonly principal: Principal
  /** The permission in general; a use case asks `allow` for the grant on its target. */
  readonly grant: Grant<P, null>
  readonly idempotency: Idempotency | null
  /** The version that If-Match names; null: the client did not ask. */
  readonly ifMatch: number | null
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly request: RequestContext
}

/** How a route that browsers come to by themselves says no: as a page, to whoever asks for HTML. */
export interface Refusal {
  /** What the page is called. */
  readonly title: string
  readonly headers?: (error: GatewayError) => Readonly<Record<string, string>>
}

export type Route = `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`

/** A REST route as data: OpenAPI, validation, permission check and client types all derive from it. */
export interface Endpoint {
  /** Without /v1: every route is mounted at /v1 (canonical) and unprefixed. Parameters as `{id}`. */
  readonly route: Route
  /** 'public' is open to strangers and must be said. */
  readonly permission: Permission | 'public'
  readonly summary: string
  readonly description?: string
  readonly tag: string
  readonly params?: TObject
  readonly query?: TObject
  readonly body?: TObject
  /** Of a page of ours: its body is what the browser makes of a form, and texts are all that it says. JSON unless said. */
  readonly bodyType?: 'form'
  readonly reply: TSchema
  /** The media type of the answer where it is not JSON. */
  readonly replyType?: string
  readonly status?: number
  /** Only unprefixed: documents about the API itself. */
  readonly rootOnly?: boolean
  /** The handler waits for an upstream: the pool-of-one test drives it. */
  readonly reachesBackend?: boolean
  /** JSON for whoever asks, unless said. */
  readonly refusal?: Refusal
  readonly handle: (input: never) => Promise<Reply>
}

interface Definition<
  P extends Permission,
  Params extends TProperties,
  Query extends TProperties,
  Body extends TProperties,
> extends Omit<Endpoint, 'permission' | 'params' | 'query' | 'body' | 'handle'> {
  readonly permission: P
  readonly params?: TObject<Params>
  readonly query?: TObject<Query>
  readonly body?: TObject<Body>
  readonly handle: (
    input: EndpointInput<P, Static<TObject<Params>>, Static<TObject<Query>>, Static<TObject<Body>>>,
  ) => Promise<Reply>
}

/** Generic over the properties of objects, not over TSchema: the compiler checks the first ten times faster. */
export function endpoint<
  P extends Permission,
  Params extends TProperties,
  Query extends TProperties,
  Body extends TProperties,
>(definition: Definition<P, Params, Query, Body>): Endpoint {
  return definition
}

/** What a route open to strangers is given. */
export interface PublicInput<Body, Query = unknown> {
  readonly params: unknown
  /** Of what the address says, that which the route names; others may say more. */
  readonly query: Query
  readonly body: Body
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly request: RequestContext
  /** Whoever's token is in hand, for a route that is about that token. Throws `unauthenticated` without a live one. */
  readonly caller: () => Promise<Principal>
  /** Asked by a route that gives or takes cookies. */
  readonly browser: Browser
}

interface PublicDefinition<Query extends TProperties, Body extends TProperties> extends Omit<
  Endpoint,
  'permission' | 'params' | 'query' | 'body' | 'handle'
> {
  readonly params?: TObject
  readonly query?: TObject<Query>
  readonly body?: TObject<Body>
  readonly handle: (input: PublicInput<Static<TObject<Body>>, Static<TObject<Query>>>) => Promise<Reply>
}

/** A route that needs no token. */
export function publicEndpoint<Query extends TProperties, Body extends TProperties>(
  definition: PublicDefinition<Query, Body>,
): Endpoint {
  return { ...definition, permission: 'public' }
}

export type { Static, TObject, TProperties, TSchema }

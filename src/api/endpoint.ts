import type { Static, TObject, TProperties, TSchema } from 'typebox'
import type { Grant } from '#/access/allow.ts'
import type { Permission } from '#/access/permissions.ts'
import type { Principal } from '#/access/principal.ts'

export interface RequestContext {
  readonly requestId: string
  readonly signal: AbortSignal
  readonly via: 'api' | 'cli' | 'ui'
  readonly fromIp: string | null
  readonly userAgent: string | null
}

/** A reply that is not simply 200 and the body. */
export interface Reply<Body> {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: Body
}

export interface EndpointInput<P extends Permission, Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly principal: Principal
  /** The permission in general; a use case asks `allow` for the grant on its target. */
  readonly grant: Grant<P, null>
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly request: RequestContext
}

/** A REST route as data: OpenAPI, validation, permission check and client types all derive from it. */
export interface Endpoint {
  readonly route: `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`
  /** 'public' is open to strangers and must be said. */
  readonly permission: Permission | 'public'
  readonly summary: string
  readonly tag: string
  readonly params?: TObject
  readonly query?: TObject
  readonly body?: TSchema
  readonly reply: TSchema
  readonly status?: number
  /** The handler waits for an upstream: the pool-of-one test drives it. */
  readonly reachesBackend?: boolean
  readonly handle: (input: never) => Promise<unknown>
}

export type { Static, TObject, TProperties, TSchema }

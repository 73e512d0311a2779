import type { ServerResponse } from 'node:http'
import { allowAny } from '#/access/allow.ts'
import type { Principal } from '#/access/principal.ts'
import type { Arrival } from './exchange.ts'
import { refuse } from './mcp-head.ts'

export interface OpsOptions {
  readonly authenticate: (request: Arrival['request']) => Principal
  /** Whether this worker takes requests, and what is wrong if it does so only from its snapshot. */
  readonly readiness: () => { readonly ready: boolean; readonly degraded: readonly string[] }
  /** The metrics of all workers, Prometheus text. */
  readonly metrics: () => Promise<string>
}

export interface Ops {
  health(response: ServerResponse): void
  ready(response: ServerResponse): void
  metrics(arrival: Arrival): Promise<void>
}

/** What probes and scrapers ask. Health answers whatever else is going on. */
export function createOps({ authenticate, readiness, metrics }: OpsOptions): Ops {
  return {
    health: (response) => send(response, 200, { status: 'healthy' }),
    ready(response) {
      const { ready, degraded } = readiness()
      if (!ready) return send(response, 503, { status: 'unready', reasons: degraded })
      send(response, 200, degraded.length === 0 ? { status: 'ready' } : { status: 'degraded', reasons: degraded })
    },
    async metrics(arrival) {
      try {
        allowAny(authenticate(arrival.request), 'admin.metrics')
        const text = await metrics()
        arrival.response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text)
      } catch (cause) {
        refuse(arrival, cause)
      }
    },
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body))
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'content-length': bytes.length,
      'cache-control': 'no-store',
    })
    .end(bytes)
}

import type { Authenticate } from './authenticate.ts'
import { allowAny } from '#/access/allow.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Arrival } from './arrival.ts'
import type { Readiness } from './degraded.ts'
import { refuseInRest } from './rest-errors.ts'

export interface OpsOptions {
  readonly authenticate: Authenticate
  /** Whether this worker takes requests, and what is wrong if it does so only from its snapshot. */
  readonly readiness: () => Readiness
  /** The metrics of all workers, Prometheus text. */
  readonly metrics: () => Promise<string>
}

export interface Ops {
  health(arrival: Arrival): void
  ready(arrival: Arrival): void
  metrics(arrival: Arrival): Promise<void>
}

/** What probes and scrapers ask. Health answers whatever else is going on. */
export function createOps({ authenticate, readiness, metrics }: OpsOptions): Ops {
  return {
    health(arrival) {
      if (isRead(arrival)) send(arrival, 200, { status: 'healthy' })
    },
    ready(arrival) {
      if (!isRead(arrival)) return
      const { ready, degraded } = readiness()
      if (!ready) return send(arrival, 503, { status: 'unready', reasons: degraded })
      send(arrival, 200, degraded.length === 0 ? { status: 'ready' } : { status: 'degraded', reasons: degraded })
    },
    async metrics(arrival) {
      if (!isRead(arrival)) return
      try {
        allowAny(await authenticate(arrival.request, arrival.requestId), 'admin.metrics')
        const text = await metrics()
        arrival.open(200, ['content-type', 'text/plain; version=0.0.4; charset=utf-8'])
        arrival.close(Buffer.from(text))
      } catch (cause) {
        refuseInRest(arrival, cause)
      }
    },
  }
}

/** False: another method than GET or HEAD, which has been refused. */
function isRead(arrival: Arrival): boolean {
  const { method } = arrival.request
  if (method === 'GET' || method === 'HEAD') return true
  refuseInRest(arrival, new GatewayError('method_not_allowed', 'Method Not Allowed'), ['allow', 'GET, HEAD'])
  return false
}

function send(arrival: Arrival, status: number, body: unknown): void {
  arrival.json(status, Buffer.from(JSON.stringify(body)), ['cache-control', 'no-store'])
}

import type { FrontRequest } from './front-request.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { isLoopbackHost } from './loopback.ts'

export interface GuardOptions {
  /** How clients reach us beyond loopback; its host and origin are allowed. */
  readonly publicUrl: string | null
  /** Pages of these origins may call, too. */
  readonly corsOrigins: readonly string[]
}

/** Refuses what no handler should see: ambiguous heads, a foreign Host (DNS rebinding), a foreign Origin. */
export type RequestGuard = (request: FrontRequest) => void

const ONCE = new Set([
  'host',
  'authorization',
  'content-length',
  'content-type',
  'origin',
  'mcp-session-id',
  'mcp-protocol-version',
])

export function requestGuard({ publicUrl, corsOrigins }: GuardOptions): RequestGuard {
  const shown = publicUrl === null ? null : new URL(publicUrl)
  const hosts = new Set(shown === null ? [] : [shown.host, shown.hostname])
  const local = shown === null || isLoopbackHost(shown.host)
  const origins = new Set(shown === null ? corsOrigins : [shown.origin, ...corsOrigins])
  return (request) => {
    if (!request.url?.startsWith('/')) throw new GatewayError('invalid_request', 'the request target must be a path')
    refuseRepeated(request)
    const { host, origin } = request.headers
    if (host === undefined || !(isLoopbackHost(host) || hosts.has(host.toLowerCase()))) {
      throw new GatewayError(
        'forbidden_host',
        `the Host ${host ?? '(none)'} is not ours; set CAUSEWAY_PUBLIC_URL to the address that clients use`,
      )
    }
    if (origin !== undefined && !(origins.has(origin.toLowerCase()) || (local && isLoopbackOrigin(origin)))) {
      throw new GatewayError('forbidden_host', `the Origin ${origin} may not call this gateway (CAUSEWAY_CORS_ORIGINS)`)
    }
  }
}

/** Node keeps the first of a repeated header or joins them; two parsers on the way may choose differently. */
function refuseRepeated({ rawHeaders: raw, headers }: FrontRequest): void {
  let names = 0
  for (const _ in headers) names++
  if (2 * names === raw.length) return
  const seen = new Set<string>()
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]?.toLowerCase() ?? ''
    if (ONCE.has(name) && seen.has(name))
      throw new GatewayError('invalid_request', `the header ${name} is there more than once`)
    seen.add(name)
  }
}

function isLoopbackOrigin(origin: string): boolean {
  const match = /^https?:\/\/(.+)$/i.exec(origin)
  return match?.[1] !== undefined && isLoopbackHost(match[1])
}

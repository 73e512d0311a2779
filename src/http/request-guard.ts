import type { FrontRequest } from './front-request.ts'
import { GatewayError } from '#/errors/gateway-error.ts'

export interface GuardOptions {
  /** How clients reach us beyond loopback; its host and origin are allowed. */
  readonly publicUrl: string | null
}

/** Refuses what no handler should see: ambiguous heads, a foreign Host (DNS rebinding), a foreign Origin. */
export type RequestGuard = (request: FrontRequest) => void

const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(:\d{1,5})?$/i
const ONCE = new Set([
  'host',
  'authorization',
  'content-length',
  'content-type',
  'origin',
  'mcp-session-id',
  'mcp-protocol-version',
])

export function requestGuard({ publicUrl }: GuardOptions): RequestGuard {
  const shown = publicUrl === null ? null : new URL(publicUrl)
  const hosts = new Set(shown === null ? [] : [shown.host, shown.hostname])
  const local = shown === null || LOOPBACK.test(shown.host)
  const origins = new Set(shown === null ? [] : [shown.origin])
  return (request) => {
    if (!request.url?.startsWith('/')) throw new GatewayError('invalid_request', 'the request target must be a path')
    refuseRepeated(request)
    const { host, origin } = request.headers
    if (host === undefined || !(LOOPBACK.test(host) || hosts.has(host.toLowerCase()))) {
      throw new GatewayError(
        'forbidden_host',
        `the Host ${host ?? '(none)'} is not ours; set CAUSEWAY_PUBLIC_URL to the address that clients use`,
      )
    }
    if (origin !== undefined && !(origins.has(origin.toLowerCase()) || (local && isLoopbackOrigin(origin)))) {
      throw new GatewayError('forbidden_host', `the Origin ${origin} may not call this gateway`)
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
  return match?.[1] !== undefined && LOOPBACK.test(match[1])
}

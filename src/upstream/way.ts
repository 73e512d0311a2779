import type { Reach } from '#/gateways/discovery.ts'
import type { Carrier } from './carrier.ts'
import { Lanes, routeTo } from './dial.ts'
import { placeOf } from './endpoint.ts'
import { Http2Lanes } from './http2-lanes.ts'
import type { UpstreamContext } from './options.ts'
import { SseCarrier } from './sse-carrier.ts'
import { StdioLanes } from './stdio-lanes.ts'
import { stdioRoute } from './stdio-route.ts'

/** The way to a server over the transport that it is known to speak; streamable HTTP where none is. */
export function carrierTo(reach: Reach, context: UpstreamContext): Carrier {
  if (reach.stdio != null) return new StdioLanes(stdioRoute(reach.stdio, context), context)
  if (reach.transport !== 'SSE' || reach.url === null) return lanesTo(reach, context)
  return new SseCarrier({ url: reach.url, context, way: (url) => lanesTo({ ...reach, url }, context) })
}

function lanesTo(reach: Reach, context: UpstreamContext): Carrier {
  if (reach.httpVersion !== '2') return new Lanes(routeTo(reach), context)
  const { endpoint, url } = placeOf(reach)
  const target = {
    scheme: endpoint.tls ? 'https' : 'http',
    authority: url.host,
    path: url.pathname + url.search,
  } as const
  return new Http2Lanes({ endpoint, target, options: context })
}

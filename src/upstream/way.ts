import type { Reach } from '#/gateways/discovery.ts'
import type { Carrier } from './carrier.ts'
import { Lanes, routeTo } from './dial.ts'
import type { UpstreamContext } from './options.ts'
import { SseCarrier } from './sse-carrier.ts'
import { stdioRoute } from './stdio-route.ts'

/** The way to a server over the transport that it is known to speak; streamable HTTP where none is. */
export function carrierTo(reach: Reach, context: UpstreamContext): Carrier {
  if (reach.stdio != null) return new Lanes(stdioRoute(reach.stdio, context), context)
  if (reach.transport !== 'SSE' || reach.url === null) return lanesTo(reach, context)
  return new SseCarrier({ url: reach.url, context, way: (url) => lanesTo({ ...reach, url }, context) })
}

function lanesTo(reach: Reach, context: UpstreamContext): Carrier {
  return new Lanes(routeTo(reach), context)
}

import type { Reach } from '#/gateways/discovery.ts'
import type { Carrier } from './carrier.ts'
import { Lanes, routeTo } from './dial.ts'
import type { UpstreamContext } from './options.ts'
import { SseCarrier } from './sse-carrier.ts'

/** The way to a server over the transport that it is known to speak; streamable HTTP where none is. */
export function carrierTo(reach: Reach, context: UpstreamContext): Carrier {
  if (reach.transport !== 'SSE') return lanesTo(reach, context)
  return new SseCarrier({ url: reach.url, context, way: (url) => lanesTo({ ...reach, url }, context) })
}

function lanesTo(reach: Reach, context: UpstreamContext): Carrier {
  return new Lanes(routeTo(reach), context)
}

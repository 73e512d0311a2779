import type { GatewayLogs } from '#/gateways/gateway-logs.ts'
import type { LogLine } from '#/stdio/log-book.ts'
import { readStream } from './event-stream.ts'
import type { UpstreamContext } from './options.ts'
import { StdioLanes } from './stdio-lanes.ts'
import { stdioRoute } from './stdio-route.ts'

/** A log that nothing is written to for this long is asked for anew by whoever still reads it. */
const SILENCE_MS = 24 * 3_600_000

/** Reads the logs of stdio servers from their host. */
export function stdioLogs(context: UpstreamContext): GatewayLogs {
  return {
    async read(launch, { tail, follow, signal, line }) {
      const target = `/logs?tail=${tail}&follow=${follow}`
      using carrier = new StdioLanes(stdioRoute(launch, context, target), context)
      await readStream(
        { carrier, context, credentials: {} },
        {
          method: 'GET',
          headers: ['accept', 'text/event-stream'],
          body: null,
          signal,
          silenceMs: SILENCE_MS,
          opened: () => {},
          message: (said) => line(said as unknown as LogLine),
        },
      )
    },
  }
}

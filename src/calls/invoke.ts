import { GatewayError } from '#/errors/gateway-error.ts'
import type { Catalog, Snapshot } from '#/catalog/snapshot.ts'
import type { Upstreams } from '#/upstream/upstreams.ts'
import type { Call, CallSink, Calls } from './call.ts'
import { NO_REPORT, type CallLog } from './call-log.ts'
import { resolve, type Destination } from './resolve.ts'
import { CallRun } from './run.ts'
import { nextHop } from './trace.ts'

export interface CallsOptions {
  readonly catalog: Pick<Catalog, 'current'>
  readonly upstreams: Upstreams
  readonly log: CallLog
}

/** The steps of a call, in the order in which they happen: resolve → grant → upstream → relay → record. */
export function createCalls({ catalog, upstreams, log }: CallsOptions): Calls {
  return {
    invoke(call: Call, sink: CallSink): void {
      const startedAt = performance.now()
      const snapshot = catalog.current
      const destination = resolveOrFail({ call, snapshot, sink, log, startedAt })
      if (destination === undefined) return
      const run = new CallRun({ call, sink, destination, snapshotSeq: snapshot.seq, startedAt, log })
      upstreams.send(
        {
          gateway: destination.gateway,
          principal: call.principal,
          frame: call.frame,
          clientRevision: call.revision,
          name: destination.upstreamName,
          ...(destination.replace === undefined ? {} : { replace: destination.replace }),
          paramHeaders: destination.paramHeaders,
          passthrough: passthrough(call, destination),
          logLevel: call.logLevel,
          wantsProgress: call.wantsEvents && run.progressToken !== undefined,
          requestId: call.requestId,
          traceparent: nextHop(call.traceparent),
          idempotent: destination.idempotent,
          signal: call.canceller.signal,
        },
        run,
      )
    },
  }
}

interface Attempt {
  readonly call: Call
  readonly snapshot: Snapshot
  readonly sink: CallSink
  readonly log: CallLog
  readonly startedAt: number
}

function resolveOrFail({ call, snapshot, sink, log, startedAt }: Attempt): Destination | undefined {
  try {
    return resolve(call, snapshot)
  } catch (cause) {
    const error = GatewayError.from(cause)
    log.refused({ call, error, snapshotSeq: snapshot.seq, totalMs: performance.now() - startedAt, report: NO_REPORT })
    sink.fail(error)
    return undefined
  }
}

const NO_HEADERS: Readonly<Record<string, string>> = {}

/** Headers of the caller that the operator lets through, and argument headers that we do not know. */
function passthrough(call: Call, { gateway, paramHeaders }: Destination): Readonly<Record<string, string>> {
  const own = gateway.passthroughHeaders
  const modern = gateway.era === 'modern'
  if (own.length === 0 && !modern) return NO_HEADERS
  const passed: Record<string, string> = {}
  for (const name of own) {
    const value = call.headers[name.toLowerCase()]
    if (value !== undefined) passed[name.toLowerCase()] = value
  }
  if (!modern) return passed
  const known = new Set(paramHeaders?.map(({ header }) => `mcp-param-${header.toLowerCase()}`))
  for (const [name, value] of Object.entries(call.headers)) {
    if (name.startsWith('mcp-param-') && value !== undefined && !known.has(name)) passed[name] = value
  }
  return passed
}

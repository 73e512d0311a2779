import type { UnderWay } from '#/access/under-way.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { LOCAL_GATEWAY } from '#/catalog/local.ts'
import type { Catalog, Snapshot } from '#/catalog/snapshot.ts'
import type { Upstreams } from '#/upstream/upstreams.ts'
import type { Call, CallSink, Calls } from './call.ts'
import type { LocalItems } from './local-items.ts'
import { NO_REPORT, withRecord, type CallLog } from './call-log.ts'
import { resolve, type Destination } from './resolve.ts'
import { CallRun } from './run.ts'
import { Shares, type ShareLimits } from './shares.ts'
import { nextHop } from './trace.ts'
import { whyRefused } from './why-refused.ts'

export interface CallsOptions {
  readonly catalog: Pick<Catalog, 'current'>
  readonly upstreams: Upstreams
  readonly local: LocalItems
  readonly log: CallLog
  readonly underWay: UnderWay
  readonly limits: ShareLimits
}

/** The steps of a call, in the order in which they happen: resolve → grant → share → upstream → relay → record. */
export function createCalls({ catalog, upstreams, local, log, underWay, limits }: CallsOptions): Calls {
  const shares = new Shares(limits)
  return {
    invoke(call: Call, sink: CallSink): void {
      const startedAt = performance.now()
      const snapshot = catalog.current
      const destination = resolveOrFail({ call, snapshot, sink, log, startedAt })
      if (destination === undefined) return
      const run = new CallRun({ call, sink, destination, catalog, snapshotSeq: snapshot.seq, startedAt, log, underWay })
      if (!run.enter(shares)) return
      if (destination.gateway === LOCAL_GATEWAY) return local.answer(call, destination, run)
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
    const error = withRecord(GatewayError.from(cause))
    const totalMs = performance.now() - startedAt
    // The caller is answered first: how long it takes to find out why is not to be told from when the answer comes.
    sink.fail(error)
    const why = whyRefused(call, snapshot, error)
    log.refused({ call, error, why, snapshotSeq: snapshot.seq, totalMs, report: NO_REPORT })
    return undefined
  }
}

const NO_HEADERS: Readonly<Record<string, string>> = {}
const PARAM = 'mcp-param-'

/** Headers of the caller that the operator lets through, and argument headers that we do not know. */
function passthrough({ headers }: Call, { gateway, paramHeaders }: Destination): Readonly<Record<string, string>> {
  let passed: Record<string, string> | undefined
  for (const name of gateway.passthroughHeaders) {
    const value = headers[name.toLowerCase()]
    if (value !== undefined) (passed ??= {})[name.toLowerCase()] = value
  }
  if (gateway.era !== 'modern') return passed ?? NO_HEADERS
  for (const name in headers) {
    if (!name.startsWith(PARAM)) continue
    const value = headers[name]
    const own = paramHeaders?.some(({ header }) => header.toLowerCase() === name.slice(PARAM.length)) ?? false
    if (value !== undefined && !own) (passed ??= {})[name] = value
  }
  return passed ?? NO_HEADERS
}

import { Readable } from 'node:stream'
import { Type } from '#/api/type.ts'
import { allow } from '#/access/allow.ts'
import { GatewayId } from '#/access/ids.ts'
import type { Principal } from '#/access/principal.ts'
import { endpoint, type Endpoint } from '#/api/endpoint.ts'
import { IdParams, idOf } from '#/api/params.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { SealedLaunch } from '#/stdio/launch.ts'
import type { LogLine } from '#/stdio/log-book.ts'
import { gatewayFor } from './change.ts'
import type { GatewayDeps } from './gateway-deps.ts'
import { stdioReach } from './stdio-declaration.ts'

/** What servers that are started by a command write beside their protocol. */
export interface GatewayLogs {
  /** Tells the last lines, oldest first, and with `follow` those to come until `signal`; then it rejects. */
  read(launch: SealedLaunch, options: ReadLogs): Promise<void>
}

export interface ReadLogs {
  readonly tail: number
  readonly follow: boolean
  readonly signal: AbortSignal
  readonly line: (line: LogLine) => void
}

export interface GatewayLogsDeps extends GatewayDeps {
  readonly logs: GatewayLogs
  /** Aborted when this process is about to end: nothing is followed beyond that. */
  readonly ending: AbortSignal
}

const LogLines = Type.Array(
  Type.Object({
    at: Type.String({ format: 'date-time' }),
    stream: Type.String({ description: 'stderr, stdout (what was no message there) or host (what became of it)' }),
    pid: Type.Union([Type.Integer(), Type.Null()]),
    text: Type.String(),
  }),
  { title: 'Log', description: 'With follow=true the same objects as server-sent events' },
)

export function logEndpoint(deps: GatewayLogsDeps): Endpoint {
  return endpoint({
    route: 'GET /gateways/{id}/logs',
    permission: 'gateways.update',
    tag: 'gateways',
    params: IdParams,
    summary: 'Read what a server that is started by a command writes to stderr',
    description: 'The last lines, bounded in number and size; the host of such servers keeps them in memory.',
    query: Type.Object({
      tail: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000, default: 100 })),
      follow: Type.Optional(Type.Boolean({ default: false })),
    }),
    reply: LogLines,
    reachesBackend: true,
    handle: async ({ params, query, principal, request }) => {
      const id = idOf(GatewayId, params.id, 'Gateway')
      const { gateway } = await gatewayFor(deps, id, { principal, permission: 'gateways.update' })
      const launch = stdioReach(gateway, gateway.stdio)
      if (launch === null)
        throw new GatewayError('conflict', 'only servers that are started by a command have a log here', {
          field: 'id',
        })
      const tail = query.tail ?? 100
      if (query.follow !== true) return { body: await lastLines(deps.logs, launch, { tail, signal: request.signal }) }
      const signal = AbortSignal.any([request.signal, deps.ending])
      const mayGoOn = (reader: Principal): unknown => allow(reader, 'gateways.update', gateway)
      return { headers: EVENT_HEADERS, body: followed(deps.logs, launch, { tail, signal }), mayGoOn }
    },
  })
}

const EVENT_HEADERS = { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' }

async function lastLines(
  logs: GatewayLogs,
  launch: SealedLaunch,
  asked: Pick<ReadLogs, 'tail' | 'signal'>,
): Promise<readonly LogLine[]> {
  const lines: LogLine[] = []
  await logs.read(launch, { ...asked, follow: false, line: (line) => lines.push(line) })
  return lines
}

/** Lines for a reader who is slower than the server writes. */
const MAX_UNREAD = 1 << 20

function followed(logs: GatewayLogs, launch: SealedLaunch, asked: Pick<ReadLogs, 'tail' | 'signal'>): Readable {
  const events = new Readable({ read: () => {} })
  // With the first bytes goes the head: a reader knows that it listens, also where nothing is written.
  events.push(':\n\n')
  const line = (said: LogLine): void => {
    if (events.readableLength < MAX_UNREAD) events.push(`data: ${JSON.stringify(said)}\n\n`)
  }
  logs.read(launch, { ...asked, follow: true, line }).then(
    () => events.push(null),
    // The reader left, we are ending, or the host did: it is asked again by whoever still wants to know.
    () => events.push(null),
  )
  return events
}

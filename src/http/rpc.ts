import { ServerId } from '#/access/ids.ts'
import { randomUUID } from 'node:crypto'
import type { Scope } from '#/catalog/snapshot.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Frame } from '#/mcp/frame.ts'
import { paramOf, rawOf, textOf } from '#/mcp/frame-values.ts'
import { readFrame } from '#/mcp/read-frame.ts'
import { NEWEST_LEGACY } from '#/mcp/revision.ts'
import { readBody } from './body.ts'
import type { Arrival } from './arrival.ts'
import type { Exchange } from './exchange.ts'
import { answer, requireEndpoint, type McpOptions } from './mcp-endpoint.ts'
import { refuse, requireMedia } from './mcp-head.ts'

/** POST /rpc: one JSON-RPC request, one JSON answer, no session; `params.server_id` narrows it to a virtual server. */
export async function serveRpc(arrival: Arrival, options: McpOptions): Promise<void> {
  const { request } = arrival
  let id: Buffer | undefined
  try {
    const principal = options.authenticate(request, arrival.requestId)
    requireMedia(request)
    const place = options.admission.enter(principal.key)
    arrival.atEnd(place.leave)
    const read = readFrame(await readBody(request, { limit: options.bodyLimit, place }))
    if (!read.ok) throw new GatewayError(read.code, read.detail)
    const { frame } = read
    id =
      frame.id === undefined
        ? Buffer.from(JSON.stringify(randomUUID()))
        : frame.bytes.subarray(frame.id.start, frame.id.end)
    if (frame.kind === 'response')
      throw new GatewayError('invalid_request', 'this is a response, where a request belongs')
    const scope = scopeOf(frame)
    requireEndpoint(principal, scope, options.catalog)
    const exchange: Exchange = {
      arrival,
      principal,
      scope,
      frame,
      era: 'legacy',
      revision: NEWEST_LEGACY,
      session: undefined,
      id,
    }
    await answer(exchange, options)
  } catch (cause) {
    refuse(arrival, cause, id)
  }
}

function scopeOf(frame: Frame): Scope {
  const member = paramOf(frame, 'server_id')
  if (member === undefined || rawOf(frame, member)?.toString() === 'null') return { kind: 'all' }
  const id = textOf(frame, member)
  if (!ServerId.is(id))
    throw new GatewayError('invalid_field', 'params.server_id must be 32 hex characters', { field: 'params.server_id' })
  return { kind: 'server', id }
}

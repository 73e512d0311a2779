import { ServerId } from '#/access/ids.ts'
import { randomUUID } from 'node:crypto'
import type { Principal } from '#/access/principal.ts'
import type { Scope } from '#/catalog/snapshot.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { readObject, writeObject } from '#/lib/json-object.ts'
import type { Frame } from '#/mcp/frame.ts'
import { paramOf, rawOf, textOf } from '#/mcp/frame-values.ts'
import { readFrame } from '#/mcp/read-frame.ts'
import { NEWEST_LEGACY } from '#/mcp/revision.ts'
import type { Arrival } from './arrival.ts'
import { answer, requireEndpoint, type McpOptions } from './mcp-endpoint.ts'
import { receive } from './mcp-entry.ts'
import { refuse } from './mcp-head.ts'

/** POST /rpc: one JSON-RPC request, one JSON answer, no session; `params.server_id` narrows it to a virtual server. */
export async function serveRpc(arrival: Arrival, options: McpOptions): Promise<void> {
  let id: Buffer | undefined
  try {
    const atHead = await options.authenticate(arrival.request, arrival.requestId)
    const received = await receive(arrival, atHead, options)
    if (received === undefined) return
    const principal = options.again(atHead)
    id = rawId(received)
    if (received.kind === 'response')
      throw new GatewayError('invalid_request', 'this is a response, where a request belongs')
    const { scope, frame } = narrowed(received, principal)
    requireEndpoint(principal, scope, options.catalog)
    const request = { arrival, principal, scope, frame, id }
    await answer({ ...request, era: 'legacy', revision: NEWEST_LEGACY, session: undefined }, options)
  } catch (cause) {
    refuse(arrival, cause, id)
  }
}

/** A request without an id gets one, and a normal answer. */
function rawId({ bytes, id }: Frame): Buffer {
  return id === undefined ? Buffer.from(JSON.stringify(randomUUID())) : bytes.subarray(id.start, id.end)
}

interface Narrowed {
  readonly scope: Scope
  readonly frame: Frame
}

/** `server_id` is ours: it chooses the virtual server and goes no further. A token narrowed to one needs not say it. */
export function narrowed(frame: Frame, { serverId, gatewayId }: Principal): Narrowed {
  const member = paramOf(frame, 'server_id')
  const ofGateway: Scope = gatewayId === null ? { kind: 'all' } : { kind: 'gateway', id: gatewayId }
  const own: Scope = serverId === null ? ofGateway : { kind: 'server', id: serverId }
  if (member === undefined || frame.params === undefined) return { scope: own, frame }
  const isNull = rawOf(frame, member)?.toString() === 'null'
  const id = textOf(frame, member)
  if (!isNull && !ServerId.is(id))
    throw new GatewayError('invalid_field', 'params.server_id must be 32 hex characters', { field: 'params.server_id' })
  const { bytes, params } = frame
  const rest = writeObject(readObject(bytes.subarray(params.start, params.end)), new Map([['server_id', null]]))
  const read = readFrame(Buffer.concat([bytes.subarray(0, params.start), rest, bytes.subarray(params.end)]))
  if (!read.ok) throw new GatewayError(read.code, read.detail)
  return { scope: ServerId.is(id) ? { kind: 'server', id } : own, frame: read.frame }
}

import { encodeHeaderValue } from './header-value.ts'
import { modernMembers, object } from './meta-write.ts'
import { methodIn } from './methods.ts'
import { MODERN_REVISION, type LegacyRevision, type Revision } from './revision.ts'

/** Who we are to an upstream: raw JSON of our Implementation and of the client capabilities that we declare. */
export interface Ourselves {
  readonly clientInfo: Buffer
  readonly capabilities: Buffer
}

const INITIALIZED = Buffer.from('{"jsonrpc":"2.0","method":"notifications/initialized"}')

/** The headers that mirror a modern request's body. `name` is the target as the upstream calls it. */
export function upstreamHeaders(method: string, name?: string): Record<string, string> {
  const headers: Record<string, string> = { 'MCP-Protocol-Version': MODERN_REVISION, 'Mcp-Method': method }
  if (name !== undefined && methodIn('modern', method)?.target) headers['Mcp-Name'] = encodeHeaderValue(name)
  return headers
}

export function initializeRequest(id: number, revision: LegacyRevision, us: Ourselves): Buffer {
  return request(id, 'initialize', [
    Buffer.from(`"protocolVersion":"${revision}"`),
    Buffer.concat([Buffer.from('"capabilities":'), us.capabilities]),
    Buffer.concat([Buffer.from('"clientInfo":'), us.clientInfo]),
  ])
}

export function initializedNotification(): Buffer {
  return INITIALIZED
}

export function cancelledNotification(requestId: number, reason: string): Buffer {
  const params = { requestId, reason }
  return Buffer.from(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params }))
}

/** What we answer to a server's own request (raw JSON of its id): we are alive, and offer nothing else. */
export function answerToServer(id: Buffer | string, method: string): Buffer {
  const outcome =
    method === 'ping' ? '"result":{}' : `"error":{"code":-32601,"message":"this client offers no such method"}`
  return Buffer.from(`{"jsonrpc":"2.0","id":${id.toString()},${outcome}}`)
}

export function pingRequest(id: number): Buffer {
  return request(id, 'ping', [])
}

/** From which level on a legacy server tells what it logs, for a whole session. */
export function setLevelRequest(id: number, level: string): Buffer {
  return request(id, 'logging/setLevel', [Buffer.from(`"level":${JSON.stringify(level)}`)])
}

/** A request of our own; in the modern era with the envelope that every request has. `params`: raw members. */
export function ownRequest(
  id: number,
  method: string,
  options: { readonly revision: Revision; readonly us: Ourselves; readonly params?: readonly Buffer[] },
): Buffer {
  const { revision, us, params = [] } = options
  if (revision !== MODERN_REVISION) return request(id, method, params)
  const meta = object(modernMembers({ upstreamRevision: revision, ...us }))
  return request(id, method, [...params, Buffer.concat([Buffer.from('"_meta":'), meta])])
}

export function discoverRequest(id: number, us: Ourselves): Buffer {
  return ownRequest(id, 'server/discover', { revision: MODERN_REVISION, us })
}

/** One page of a list; `cursor` is the upstream's own, decoded. */
export function listRequest(
  id: number,
  method: string,
  options: { readonly revision: Revision; readonly us: Ourselves; readonly cursor?: string },
): Buffer {
  const { cursor } = options
  const params = cursor === undefined ? [] : [Buffer.from(`"cursor":${JSON.stringify(cursor)}`)]
  return ownRequest(id, method, { ...options, params })
}

/** Follows a modern server's lists. */
export function listenRequest(id: number, us: Ourselves): Buffer {
  const filter = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true }
  const params = [Buffer.from(`"notifications":${JSON.stringify(filter)}`)]
  return ownRequest(id, 'subscriptions/listen', { revision: MODERN_REVISION, us, params })
}

/** Without params where there is nothing in them: some old servers refuse an empty object for `ping`. */
function request(id: number, method: string, params: readonly Buffer[]): Buffer {
  const head = Buffer.from(`{"jsonrpc":"2.0","id":${String(id)},"method":${JSON.stringify(method)}`)
  if (params.length === 0) return Buffer.concat([head, Buffer.from('}')])
  return Buffer.concat([head, Buffer.from(',"params":'), object(params), Buffer.from('}')])
}

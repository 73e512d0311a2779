/** Why a header of a request to an upstream is not everybody's to set. */
export type Kept =
  /** It says where a message ends, and what becomes of its connection. */
  | 'connection'
  /** It is ours or an operator's: no client's goes on. */
  | 'ours'
  /** It says who or where a client is. */
  | 'client'

/**
 * What a proxy says of a client counts when it comes from the proxy's address, which may be this machine's own. Any upstream may be this
 * very gateway: so whoever may declare one would otherwise be whom they like by a header of it.
 */
const OF_CLIENTS = ['x-forwarded-for', 'forwarded', 'x-real-ip']

/** Where a proxy says the secret that makes the user count whom it names. */
export const PROXY_SECRET_HEADER = 'x-causeway-proxy-secret'

const OF_CONNECTIONS = [
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

const OURS = [
  'authorization',
  'accept',
  'accept-encoding',
  'content-encoding',
  'content-type',
  'proxy-authenticate',
  'proxy-authorization',
  'traceparent',
  'x-request-id',
]

const KEPT = new Map<string, Kept>([
  ...OF_CONNECTIONS.map((name) => [name, 'connection'] as const),
  ...OURS.map((name) => [name, 'ours'] as const),
  ...[...OF_CLIENTS, PROXY_SECRET_HEADER].map((name) => [name, 'client'] as const),
])

/** Those of every gateway, whatever its settings. */
export const KEPT_HEADERS: ReadonlySet<string> = new Set(KEPT.keys())

/** `name`: in lower case. */
export function keptHeader(name: string): Kept | undefined {
  return KEPT.get(name)
}

/** From now on this header says who a client is, for as long as the process lives. */
export function keepForClients(name: string): void {
  KEPT.set(name.toLowerCase(), 'client')
}

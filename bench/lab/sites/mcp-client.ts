import type { ClientKind } from '../scenario.ts'

/** A client that asks what there is, in the way of one kind of client. */
export interface McpClient {
  readonly kind: ClientKind
  /** What the server calls itself. */
  readonly server: string | null
  /** All pages of a list; undefined: refused, or there is no such thing. */
  list(path: string, method: string): Promise<readonly Listed[] | undefined>
}

export interface Listed {
  readonly name?: string
  readonly uriTemplate?: string
}

interface Where {
  readonly origin: string
  readonly token: string
  readonly signal: AbortSignal
}

interface Answer {
  readonly status: number
  readonly session: string | null
  readonly result: Readonly<Record<string, unknown>> | undefined
}

const CLIENT = { name: 'causeway-lab', version: '1.0.0' }
const MODERN = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': CLIENT,
}
const PATIENCE_MS = 30_000
const MOST_PAGES = 100

type Headers = Readonly<Record<string, string>>

async function ask({ origin, token, signal }: Where, path: string, headers: Headers, message: object): Promise<Answer> {
  const answer = await fetch(origin + path, {
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      // Each time by a connection of its own, so that in the end every worker of a gateway has been asked.
      connection: 'close',
      ...(token !== '' && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
  })
  const text = await answer.text()
  return { status: answer.status, session: answer.headers.get('mcp-session-id'), result: resultIn(text) }
}

/** Of a body, or of the last event of a stream. */
function resultIn(text: string): Answer['result'] {
  const events = text.split('\n').filter((line) => line.startsWith('data:'))
  const last = events.at(-1)?.slice('data:'.length) ?? text
  try {
    return (JSON.parse(last) as { result?: Record<string, unknown> }).result
  } catch {
    return undefined
  }
}

type Open = (
  where: Where,
  path: string,
) => Promise<{ headers(method: string): Headers; server: string | null } | undefined>

const nameOf = (info: unknown): string | null => {
  const { name, version } = (info ?? {}) as { name?: string; version?: string }
  return name === undefined ? null : `${name} ${version ?? ''}`.trim()
}

const OPEN: Readonly<Record<ClientKind, Open>> = {
  async legacy(where, path) {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: CLIENT }
    const { result, session } = await ask(where, path, {}, { id: 1, method: 'initialize', params })
    if (result === undefined) return undefined
    const version = String(result['protocolVersion'])
    const headers = { 'mcp-protocol-version': version, ...(session !== null && { 'mcp-session-id': session }) }
    await ask(where, path, headers, { method: 'notifications/initialized' })
    return { headers: () => headers, server: nameOf(result['serverInfo']) }
  },
  async modern(where, path) {
    const headers = (method: string) => ({ 'mcp-protocol-version': '2026-07-28', 'mcp-method': method })
    const message = { id: 1, method: 'server/discover', params: { _meta: MODERN } }
    const { result } = await ask(where, path, headers(message.method), message)
    if (result?.['supportedVersions'] === undefined) return undefined
    const meta = result['_meta'] as Record<string, unknown> | undefined
    return { headers, server: nameOf(meta?.['io.modelcontextprotocol/serverInfo']) }
  },
  async rpc(where, path) {
    const { result } = await ask(where, path, {}, { id: 1, method: 'tools/list' })
    return result?.['tools'] === undefined ? undefined : { headers: () => ({}), server: null }
  },
}

/** undefined: the endpoint does not talk with such a client. */
export async function openMcpClient(kind: ClientKind, where: Where, path: string): Promise<McpClient | undefined> {
  const first = await OPEN[kind](where, path)
  if (first === undefined) return undefined
  return {
    kind,
    server: first.server,
    async list(at, method) {
      const opened = at === path ? first : await OPEN[kind](where, at)
      return opened === undefined
        ? undefined
        : await pages(where, at, { method, headers: opened.headers(method), kind })
    },
  }
}

async function pages(
  where: Where,
  path: string,
  { method, headers, kind }: { method: string; headers: Headers; kind: ClientKind },
): Promise<readonly Listed[] | undefined> {
  const all: Listed[] = []
  let cursor: unknown
  for (let page = 0; page < MOST_PAGES; page++) {
    const params = { ...(cursor !== undefined && { cursor }), ...(kind === 'modern' && { _meta: MODERN }) }
    const { result } = await ask(where, path, headers, { id: page + 2, method, params })
    if (result === undefined) return undefined
    all.push(...((Object.values(result).find((value) => Array.isArray(value)) ?? []) as Listed[]))
    cursor = result['nextCursor']
    if (cursor === undefined || cursor === null) break
  }
  return all
}

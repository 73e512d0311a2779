/** Which messages a load sends, and where to. Serialisable: it travels to the process that makes the load. */
export interface Target {
  readonly url: string
  readonly era: 'legacy' | 'modern'
  readonly method: 'tools/call' | 'tools/list'
  /** For tools/call. */
  readonly tool?: string
  readonly arguments?: Readonly<Record<string, unknown>>
  readonly token?: string
}

const MODERN_VERSION = '2026-07-28'
const LEGACY_VERSION = '2025-11-25'

const MODERN_META = {
  'io.modelcontextprotocol/protocolVersion': MODERN_VERSION,
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'load', version: '1.0.0' },
}

/** Ten digits, so that every request has the same length whatever its id. */
export const FIRST_ID = 1_000_000_000

function paramsOf(target: Target): Record<string, unknown> {
  const params: Record<string, unknown> =
    target.tool === undefined ? {} : { name: target.tool, arguments: target.arguments ?? {} }
  if (target.era === 'modern') params['_meta'] = MODERN_META
  return params
}

export function headersOf(target: Target, session: string | undefined): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': target.era === 'modern' ? MODERN_VERSION : LEGACY_VERSION,
    ...(target.era === 'modern' && { 'mcp-method': target.method }),
    ...(target.era === 'modern' && target.tool !== undefined && { 'mcp-name': target.tool }),
    ...(target.token !== undefined && { authorization: `Bearer ${target.token}` }),
    ...(session !== undefined && { 'mcp-session-id': session }),
  }
}

/** A whole HTTP request, and where in it the ten digits of the id lie. */
export function requestBytes(target: Target, session: string | undefined): { bytes: Buffer; idAt: number } {
  const { host, pathname } = new URL(target.url)
  const body = JSON.stringify({ jsonrpc: '2.0', id: FIRST_ID, method: target.method, params: paramsOf(target) })
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `host: ${host}`,
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headersOf(target, session)).map(([name, value]) => `${name}: ${value}`),
  ]
  const bytes = Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
  return { bytes, idAt: bytes.indexOf(String(FIRST_ID)) }
}

/** Opens a legacy session; a modern client needs none. */
export async function openSession(target: Target): Promise<string | undefined> {
  if (target.era === 'modern') return undefined
  const opening = { ...target, method: 'initialize' as never }
  const params = { protocolVersion: LEGACY_VERSION, capabilities: {}, clientInfo: { name: 'load', version: '1.0.0' } }
  const send = async (session: string | undefined, message: object) =>
    await fetch(target.url, { method: 'POST', headers: headersOf(opening, session), body: JSON.stringify(message) })
  const answer = await send(undefined, { jsonrpc: '2.0', id: 1, method: 'initialize', params })
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`initialize at ${target.url}: ${answer.status} ${text}`)
  const session = answer.headers.get('mcp-session-id') ?? undefined
  await (await send(session, { jsonrpc: '2.0', method: 'notifications/initialized' })).arrayBuffer()
  return session
}

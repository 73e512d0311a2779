import type { ClientKind } from '../scenario.ts'
import { get, post, type Place } from '../wire/request.ts'

/** A JSON-RPC request as every kind of client sends it in its own way. */
export interface Message {
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  /** What `Mcp-Name` repeats. */
  readonly name?: string
  /** Ask to be told how far it is. */
  readonly wantsProgress?: boolean
}

/** Where in a conversation a message is sent. */
export interface At {
  readonly place: Place
  readonly path: string
  readonly session: string | null
}

/** How a kind of client talks. Each returns a whole HTTP request. */
export interface Protocol {
  /** Of a client with an endpoint for everything. */
  readonly onlyPath: string | null
  /** Sent first, and what answers it must be a result; null: nothing is. */
  readonly hello: Message | null
  /** A notification that follows it. */
  readonly afterHello: string | null
  request(at: At, id: number, message: Message): string
  notify(at: At, method: string): string
  /** Opens a stream for what the server has to say; null: this kind has none. */
  listen(at: At, id: number): string | null
}

const LEGACY_VERSION = '2025-11-25'
const MODERN_VERSION = '2026-07-28'
const CLIENT = { name: 'causeway-load', version: '1.0.0' }
const MODERN_META = {
  'io.modelcontextprotocol/protocolVersion': MODERN_VERSION,
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': CLIENT,
}

const legacyHeaders = ({ session }: At): string =>
  `mcp-protocol-version: ${LEGACY_VERSION}\r\n${session === null ? '' : `mcp-session-id: ${session}\r\n`}`

const modernHeaders = ({ method, name }: Message): string =>
  `mcp-protocol-version: ${MODERN_VERSION}\r\nmcp-method: ${method}\r\n` +
  (name === undefined ? '' : `mcp-name: ${headerValue(name)}\r\n`)

/** MCP 2026-07-28: what a header cannot hold as it is travels as base64. */
const headerValue = (text: string): string =>
  /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !text.startsWith('=?')
    ? text
    : `=?base64?${Buffer.from(text).toString('base64')}?=`

function body(id: number, { method, params, wantsProgress }: Message, meta?: object): string {
  const about = { ...meta, ...(wantsProgress === true && { progressToken: id }) }
  const all = meta === undefined && wantsProgress !== true ? params : { ...params, _meta: about }
  return `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${JSON.stringify(all)}}`
}

const legacy: Protocol = {
  onlyPath: null,
  hello: {
    method: 'initialize',
    params: { protocolVersion: LEGACY_VERSION, capabilities: {}, clientInfo: CLIENT },
  },
  afterHello: 'notifications/initialized',
  request: (at, id, message) => post(at.place, { path: at.path, headers: legacyHeaders(at), body: body(id, message) }),
  notify: (at, method) =>
    post(at.place, { path: at.path, headers: legacyHeaders(at), body: `{"jsonrpc":"2.0","method":"${method}"}` }),
  listen: (at) => get(at.place, at.path, `accept: text/event-stream\r\n${legacyHeaders(at)}`),
}

const modern: Protocol = {
  onlyPath: null,
  hello: { method: 'server/discover', params: {} },
  afterHello: null,
  request: (at, id, message) =>
    post(at.place, { path: at.path, headers: modernHeaders(message), body: body(id, message, MODERN_META) }),
  notify: (at, method) =>
    post(at.place, {
      path: at.path,
      headers: modernHeaders({ method, params: {} }),
      body: `{"jsonrpc":"2.0","method":"${method}"}`,
    }),
  listen: (at, id) => modern.request(at, id, LISTEN),
}

const LISTEN: Message = {
  method: 'subscriptions/listen',
  params: { notifications: { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true } },
}

const rpc: Protocol = {
  onlyPath: '/rpc',
  hello: null,
  afterHello: null,
  request: (at, id, message) => post(at.place, { path: at.path, headers: '', body: body(id, message) }),
  notify: (at, method) =>
    post(at.place, { path: at.path, headers: '', body: `{"jsonrpc":"2.0","method":"${method}"}` }),
  listen: () => null,
}

export const PROTOCOLS: Readonly<Record<ClientKind, Protocol>> = { legacy, modern, rpc }

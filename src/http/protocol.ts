import type { Principal } from '#/access/principal.ts'
import { collecting } from '#/calls/collect.ts'
import type { Scope } from '#/catalog/snapshot.ts'
import { ERROR_CODES } from '#/errors/codes.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { Canceller } from '#/lib/canceller.ts'
import { readObject, writeObject } from '#/lib/json-object.ts'
import type { Frame } from '#/mcp/frame.ts'
import { paramOf, textOf } from '#/mcp/frame-values.ts'
import { readFrame } from '#/mcp/read-frame.ts'
import { emptyResult } from '#/mcp/results.ts'
import { NEWEST_LEGACY } from '#/mcp/revision.ts'
import type { Arrival } from './arrival.ts'
import { heed, requireEndpoint, type McpOptions } from './mcp-endpoint.ts'
import { receiveBytes } from './mcp-entry.ts'
import { refuse } from './mcp-head.ts'
import { initialization } from './mcp-local.ts'
import type { Shell } from './protocol-shells.ts'
import { refuseInRest } from './rest-errors.ts'
import { narrowed } from './rpc.ts'

interface Asked {
  readonly arrival: Arrival
  readonly principal: Principal
  readonly scope: Scope
  readonly frame: Frame
}

interface ShellRow {
  /** The message that a body stands for. */
  readonly frame: (bytes: Buffer) => Frame
  readonly answer: (asked: Asked, options: McpOptions) => void | Promise<void>
}

/** What each takes and answers; who may come, and how much, is as at /rpc. */
const ROWS: Readonly<Record<Shell, ShellRow>> = {
  initialize: { frame: (bytes) => requestOf('initialize', bytes), answer: initialize },
  ping: { frame: framed, answer: ping },
  notifications: { frame: notificationOf, answer: notify },
  'completion/complete': { frame: (bytes) => requestOf('completion/complete', bytes), answer: complete },
  'sampling/createMessage': { frame: (bytes) => requestOf('sampling/createMessage', bytes), answer: sample },
}

export async function serveShell(arrival: Arrival, shell: Shell, options: McpOptions): Promise<void> {
  try {
    const atHead = await options.authenticate(arrival.request, arrival.requestId)
    const bytes = await receiveBytes(arrival, atHead, options)
    const principal = options.again(atHead)
    const { frame, answer } = ROWS[shell]
    const { scope, frame: rest } = narrowed(frame(bytes), principal)
    requireEndpoint(principal, scope, options.catalog)
    await answer({ arrival, principal, scope, frame: rest }, options)
  } catch (cause) {
    const { code } = GatewayError.from(cause)
    refuseInRest(arrival, cause, code === 'method_not_allowed' ? ['allow', 'POST'] : undefined)
  }
}

const ID = Buffer.from('1')

function framed(bytes: Buffer): Frame {
  const read = readFrame(bytes)
  if (!read.ok) throw new GatewayError(read.code, read.detail)
  return read.frame
}

/** The body is the params. It is one object by itself, so nothing in it stands beside them. */
function requestOf(method: string, bytes: Buffer): Frame {
  const { start, end } = readObject(bytes)
  const head = `{"jsonrpc":"2.0","id":${ID.toString()},"method":"${method}","params":`
  return framed(Buffer.concat([Buffer.from(head), bytes.subarray(start, end), Buffer.from('}')]))
}

/** Clients leave the envelope out, or send that of a request. */
function notificationOf(bytes: Buffer): Frame {
  const envelope = new Map([
    ['jsonrpc', Buffer.from('"2.0"')],
    ['id', null],
  ])
  return framed(writeObject(readObject(bytes), envelope))
}

function initialize({ arrival, principal, scope, frame }: Asked, options: McpOptions): void {
  const requested = textOf(frame, paramOf(frame, 'protocolVersion') ?? paramOf(frame, 'protocol_version'))
  if (requested === undefined)
    throw new GatewayError('invalid_request', 'Missing protocol version', { field: 'protocolVersion' })
  const { body, fields } = initialization({ principal, scope, id: ID, requested }, options)
  arrival.json(200, memberOf(body, 'result'), fields)
}

/** JSON-RPC both ways. */
function ping({ arrival, frame }: Asked, { serverInfo }: McpOptions): void {
  const id = frame.id && frame.bytes.subarray(frame.id.start, frame.id.end)
  if (frame.method === 'ping' && id !== undefined) return arrival.json(200, emptyResult(id, 'legacy', serverInfo))
  const message = id === undefined ? 'a ping has an id' : 'only the method ping is answered here'
  refuse(arrival, new GatewayError('invalid_request', message), id)
}

function notify({ arrival, principal, scope, frame }: Asked, { sessions }: McpOptions): void {
  if (frame.kind !== 'notification') throw new GatewayError('invalid_request', 'a notification has a method')
  const id = arrival.request.headers['mcp-session-id']
  heed(frame, typeof id === 'string' ? sessions.open(id, principal, scope) : undefined, sessions)
  arrival.json(200, Buffer.from('null'))
}

/** Larger answers belong on the MCP endpoints, which stream. */
const LIMIT = 4 << 20

async function complete({ arrival, principal, scope, frame }: Asked, { calls }: McpOptions): Promise<void> {
  const headers = arrival.request.headers as Readonly<Record<string, string | undefined>>
  const canceller = new Canceller()
  arrival.atEnd(() => canceller.abort(new GatewayError('client_gone', 'the client went away')))
  const { sink, answer } = collecting(LIMIT)
  const known = { requestId: arrival.requestId, traceparent: headers['traceparent'], headers, frame }
  try {
    calls.invoke(
      {
        ...known,
        principal,
        scope,
        atEndpoint: true,
        revision: NEWEST_LEGACY,
        logLevel: undefined,
        wantsEvents: false,
        canceller,
      },
      sink,
    )
    const { bytes, outcome } = await answer
    if (outcome.kind === 'result') return arrival.json(200, memberOf(bytes, 'result'))
    const error = JSON.parse(memberOf(bytes, 'error').toString()) as { readonly message?: unknown }
    throw new GatewayError('upstream_error', `the server answered with an error: ${String(error.message)}`)
  } catch (cause) {
    throw asBadRequest(GatewayError.from(cause))
  }
}

function sample(): void {
  throw new GatewayError(
    'invalid_request',
    'the method sampling/createMessage is not offered here: a server asks it of a client',
  )
}

/** What JSON-RPC says within an answer is a 400 here. */
function asBadRequest(error: GatewayError): GatewayError {
  if (ERROR_CODES[error.code].mcp !== 200) return error
  return new GatewayError('invalid_request', error.message, {
    cause: error,
    ...(error.field !== undefined && { field: error.field }),
  })
}

function memberOf(bytes: Buffer, key: 'result' | 'error'): Buffer {
  const found = readObject(bytes).members.find((each) => each.key === key)
  if (found === undefined) throw new GatewayError('upstream_invalid', `the server answered without ${key}`)
  return bytes.subarray(found.at, found.end)
}

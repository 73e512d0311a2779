import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Principal } from '#/access/principal.ts'
import type { Scope } from '#/catalog/snapshot.ts'
import type { Frame } from '#/mcp/frame.ts'
import type { Era, Revision } from '#/mcp/revision.ts'
import type { Session } from './session.ts'

/** What the listener knows of a request before any handler. */
export interface Arrival {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly requestId: string
}

/** One MCP request, understood: who asks what of which endpoint, in which revision. */
export interface Exchange extends Arrival {
  readonly principal: Principal
  readonly scope: Scope
  readonly frame: Frame
  readonly era: Era
  readonly revision: Revision
  readonly session: Session | undefined
  /** Raw JSON of the request's id. */
  readonly id: Buffer
}

/** As a latin1 string the bytes are the same, and node sends head and body in one write instead of two. */
const ONE_WRITE_BYTES = 16 << 10

/** A whole JSON body with its length. */
export function sendWhole(response: ServerResponse, status: number, body: Buffer): void {
  response.writeHead(status, ['content-type', 'application/json', 'content-length', String(body.length)])
  if (body.length > ONE_WRITE_BYTES) response.end(body)
  else response.end(body.toString('latin1'), 'latin1')
}

export function sendJson(response: ServerResponse, body: Buffer): void {
  sendWhole(response, 200, body)
}

/** The answer to an accepted notification. */
export function sendAccepted(response: ServerResponse): void {
  response.writeHead(202).end()
}

/** A whole answer in pieces that are not joined first: large shared bytes are written as they are. */
export function sendPieces(response: ServerResponse, pieces: readonly Buffer[]): void {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': length })
  for (const piece of pieces) response.write(piece)
  response.end()
}

import { ERROR_CODES } from '#/errors/codes.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { readFrame } from '#/mcp/read-frame.ts'
import { errorBody } from '#/mcp/results.ts'

export const SESSION_NOT_FOUND: number = ERROR_CODES.session_not_found.rpc
export const HEADER_MISMATCH: number = ERROR_CODES.header_mismatch.rpc

/** An answer with another status than 2xx. */
export interface Refusal {
  readonly status: number
  /** Of the JSON-RPC error in it. */
  readonly code: number | undefined
  readonly body: Buffer
}

const LONGEST = 1 << 20

export async function readRefusal(response: Response): Promise<Refusal> {
  const { status, body } = response
  const chunks: Uint8Array[] = []
  let size = 0
  if (body !== null)
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      chunks.push(chunk)
      if ((size += chunk.length) > LONGEST) break
    }
  const bytes = Buffer.concat(chunks)
  return { status, code: codeIn(bytes), body: bytes }
}

function codeIn(body: Buffer): number | undefined {
  try {
    const { error } = JSON.parse(body.toString()) as { readonly error?: { readonly code?: unknown } }
    return typeof error?.code === 'number' ? error.code : undefined
  } catch {
    return undefined
  }
}

/** What the client is told: the gateway's own error, under the id that was asked with. */
export function refusalFor(id: Buffer | undefined, { status, code, body }: Refusal, origin: string): Buffer {
  const read = code === undefined ? undefined : readFrame(body)
  if (read?.ok !== true) return errorBody(unexpected(status, origin), { id, era: 'legacy' })
  const { id: given, bytes } = read.frame
  const asked = id ?? Buffer.from('null')
  if (given !== undefined) return Buffer.concat([bytes.subarray(0, given.start), asked, bytes.subarray(given.end)])
  const open = bytes.indexOf('{') + 1
  return Buffer.concat([bytes.subarray(0, open), Buffer.from('"id":'), asked, Buffer.from(','), bytes.subarray(open)])
}

function unexpected(status: number, origin: string): GatewayError {
  if (status === 401)
    return new GatewayError(
      'unauthenticated',
      'the gateway does not accept the token: set CAUSEWAY_TOKEN to a live one',
    )
  if (status === 403) return new GatewayError('forbidden', 'the token may not use this endpoint')
  return new GatewayError('unavailable', `${origin} answered ${status} without MCP: is it a Causeway gateway?`)
}

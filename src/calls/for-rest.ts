import type { Principal } from '#/access/principal.ts'
import type { Scope } from '#/catalog/snapshot.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { memberOf } from '#/lib/json-member.ts'
import { readFrame } from '#/mcp/read-frame.ts'
import { NEWEST_LEGACY } from '#/mcp/revision.ts'
import type { Calls } from './call.ts'
import { collecting } from './collect.ts'

/** A call that a REST route makes for its caller. */
export interface RestCall {
  readonly principal: Principal
  readonly scope: Scope
  readonly method: 'tools/call' | 'prompts/get' | 'resources/read'
  /** Raw JSON of each member of params; what a client sent stays byte for byte. */
  readonly params: Readonly<Record<string, Buffer>>
  readonly requestId: string
  readonly signal: AbortSignal
}

/** Larger answers belong on the MCP endpoints, which stream. */
const LIMIT = 32 << 20

/** Runs the call on the same path as every other and returns the raw JSON of its result. */
export async function callForRest(calls: Calls, rest: RestCall): Promise<Buffer> {
  const read = readFrame(requestOf(rest))
  if (!read.ok) throw new GatewayError(read.code, read.detail)
  const controller = new AbortController()
  const gone = (): void => controller.abort(new GatewayError('client_gone', 'the client went away'))
  rest.signal.addEventListener('abort', gone, { once: true })
  const { sink, answer } = collecting(LIMIT)
  try {
    calls.invoke(
      {
        principal: rest.principal,
        scope: rest.scope,
        frame: read.frame,
        revision: NEWEST_LEGACY,
        requestId: rest.requestId,
        traceparent: undefined,
        headers: {},
        logLevel: undefined,
        wantsEvents: false,
        controller,
      },
      sink,
    )
    const { bytes, outcome } = await answer
    return resultOf(bytes, outcome.kind)
  } finally {
    rest.signal.removeEventListener('abort', gone)
  }
}

function requestOf({ method, params }: RestCall): Buffer {
  const parts: Buffer[] = [Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"${method}","params":{`)]
  for (const [key, value] of Object.entries(params)) {
    parts.push(Buffer.from(`${parts.length === 1 ? '' : ','}${JSON.stringify(key)}:`), value)
  }
  return Buffer.concat([...parts, Buffer.from('}}')])
}

/** The raw JSON of the result; a JSON-RPC error of the server becomes an error of ours that quotes it. */
function resultOf(bytes: Buffer, kind: 'result' | 'error'): Buffer {
  const found = memberOf(bytes, kind)
  if (found === undefined) throw new GatewayError('upstream_invalid', 'the server answered without a result')
  if (kind === 'result') return found
  const error = JSON.parse(found.toString()) as { readonly code?: unknown; readonly message?: unknown }
  throw new GatewayError('upstream_error', `the server answered with an error: ${String(error.message)}`, {
    data: { upstream: error },
  })
}

import { GatewayError } from '#/errors/gateway-error.ts'
import type { AnswerOutcome } from '#/mcp/relay.ts'
import type { CallSink } from './call.ts'

/** A whole answer in memory, for doors that must look at it before they reply. */
export interface Collected {
  /** The JSON-RPC response. */
  readonly bytes: Buffer
  readonly outcome: AnswerOutcome
}

/** A sink that keeps the answer, up to `limit` bytes, and drops the events on the way. */
export function collecting(limit: number): { readonly sink: CallSink; readonly answer: Promise<Collected> } {
  const { promise, resolve, reject } = Promise.withResolvers<Collected>()
  const chunks: Buffer[] = []
  let size = 0
  const sink: CallSink = {
    event() {},
    flow() {},
    chunk(bytes) {
      size += bytes.length
      if (size <= limit) chunks.push(bytes)
      else
        reject(
          new GatewayError(
            'upstream_invalid',
            `the answer is larger than the ${limit} bytes that fit here; call it over MCP, which streams`,
          ),
        )
    },
    end: (outcome) => resolve({ bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), outcome }),
    needInput: reject,
    fail: reject,
  }
  return { sink, answer: promise }
}

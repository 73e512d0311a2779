import type { CatalogPrompt, CatalogResource, CatalogTool } from '#/catalog/model.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { paramOf, rawOf } from '#/mcp/frame-values.ts'
import { NEWEST_LEGACY } from '#/mcp/revision.ts'
import type { HttpTools } from '#/upstream/http-tools.ts'
import type { UpstreamReport, UpstreamSink } from '#/upstream/upstreams.ts'
import type { Call } from './call.ts'
import { NO_REPORT } from './call-log.ts'
import { renderPrompt } from './render-prompt.ts'
import type { Destination } from './resolve.ts'
import { nextHop } from './trace.ts'

/** What is declared here and has no upstream: it answers as one would, through the same relay and into the same records. */
export interface LocalItems {
  answer(call: Call, destination: Destination, sink: UpstreamSink): void
}

const NOTHING = Buffer.from('{}')

export function localItems(tools: HttpTools): LocalItems {
  return {
    answer(call, { item, kind }, sink) {
      const argumentsJson = rawOf(call.frame, paramOf(call.frame, 'arguments'))
      if (kind === 'tool') {
        const asked = { tool: item as CatalogTool, argumentsJson: argumentsJson ?? NOTHING, ...hopOf(call) }
        return tools.call(asked, (ending) =>
          'result' in ending ? say(sink, ending.result, ending.report) : sink.failed(ending.error, ending.report),
        )
      }
      try {
        say(sink, stored(call, item as CatalogPrompt | CatalogResource, argumentsJson), NO_REPORT)
      } catch (cause) {
        sink.failed(GatewayError.from(cause), NO_REPORT)
      }
    },
  }
}

const hopOf = ({ requestId, traceparent, canceller }: Call) => ({
  requestId,
  traceparent: nextHop(traceparent),
  signal: canceller.signal,
})

const NO_COMPLETION = { completion: { values: [], total: 0, hasMore: false } }

function stored(call: Call, item: CatalogPrompt | CatalogResource, argumentsJson: Buffer | undefined): Buffer {
  const result =
    call.frame.method === 'completion/complete'
      ? NO_COMPLETION
      : 'isTemplate' in item
        ? contentsOf(item, call.frame.uri ?? item.uri)
        : renderPrompt(item, argumentsJson)
  return Buffer.from(JSON.stringify(result))
}

function contentsOf({ local, definition }: CatalogResource, uri: string) {
  const { mimeType } = JSON.parse(definition) as { readonly mimeType?: string }
  return { contents: [{ uri, ...(mimeType === undefined ? {} : { mimeType }), text: local ?? '' }] }
}

const UPSTREAM_ID = 1
const FLOW = { pause: () => undefined, resume: () => undefined, reply: () => undefined }

/** A whole answer, as a server of the older era would give it. */
function say(sink: UpstreamSink, result: Buffer, report: UpstreamReport): void {
  sink.start({ revision: NEWEST_LEGACY, upstreamId: UPSTREAM_ID, control: FLOW })
  sink.bytes(Buffer.from(`{"jsonrpc":"2.0","id":${UPSTREAM_ID},"result":`))
  sink.bytes(result)
  sink.bytes(Buffer.from('}'))
  sink.endMessage()
  sink.done(report)
}

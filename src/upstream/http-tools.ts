import type { CatalogTool } from '#/catalog/model.ts'
import type { GatewayError } from '#/errors/gateway-error.ts'
import { Bulkhead } from '#/lib/bulkhead.ts'
import type { CancelSignal } from '#/lib/canceller.ts'
import { assertNoTransaction } from '#/lib/held-connection.ts'
import { LeasedCache } from '#/lib/leased-cache.ts'
import { HttpToolRun, type HttpToolWay } from './http-tool-run.ts'
import type { UpstreamContext } from './options.ts'
import type { CredentialHeaders } from './vault.ts'
import type { UpstreamReport } from './upstreams.ts'

/** Tools that are calls to an HTTP API: a place, a request, the answer as a CallToolResult. */
export interface HttpTools {
  /** `done` is called once. */
  call(asked: HttpToolCall, done: (ending: HttpToolEnding) => void): void
}

export interface HttpToolCall {
  readonly tool: CatalogTool
  /** Raw JSON of the arguments object. */
  readonly argumentsJson: Buffer
  readonly requestId: string
  readonly traceparent: string
  readonly signal: CancelSignal
}

/** `result`: raw JSON of a CallToolResult. */
export type HttpToolEnding = { readonly report: UpstreamReport } & (
  { readonly result: Buffer } | { readonly error: GatewayError }
)

/** Opens what is sealed beside a tool. */
export type ToolVault = (tool: { readonly id: string; readonly credential: string | null }) => CredentialHeaders

const IDLE_MS = 300_000
const HOSTS = 10_000

export function createHttpTools(context: UpstreamContext, vault: ToolVault): HttpTools {
  const { limits, deadlines } = context
  const places = new LeasedCache<string, Bulkhead>({ max: HOSTS, idleMs: IDLE_MS })
  /** Tools at one place share its bound. */
  const placeAt = (url: string): Bulkhead => {
    const { origin } = new URL(url)
    const known = places.get(origin)
    if (known !== undefined) return known
    const options = { limit: limits.inFlight, waiting: limits.waiting, maxWaitMs: limits.maxWaitMs }
    const bulkhead = new Bulkhead(options, deadlines)
    places.set(origin, bulkhead)
    return bulkhead
  }
  return {
    call(asked, done) {
      assertNoTransaction('a call to an HTTP API')
      const way: HttpToolWay = { context, headers: () => vault({ id: asked.tool.id, credential: credentialOf(asked) }) }
      new HttpToolRun(asked, way, done).start(placeAt)
    },
  }
}

function credentialOf({ tool }: HttpToolCall): string | null {
  return tool.local?.credential ?? null
}

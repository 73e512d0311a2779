import type { ParamHeader } from '#/catalog/model.ts'
import type { Offered } from '#/gateways/discovery.ts'
import { SingleFlight } from '#/lib/single-flight.ts'
import { rpcError, parseMessage } from './messages.ts'
import type { Session } from './session.ts'
import type { UpstreamRequest } from './upstreams.ts'

type Declared = readonly ParamHeader[] | null

/** What a tool asks for beside the body, read later than the catalog's own word, which it stands in for. */
interface Newer {
  readonly instead: Declared
  readonly declared: Declared
  readonly readAt: number
}

/** A server that refuses what it has just declared itself is not asked again before this time. */
const SETTLED_MS = 5000
const HEADER_MISMATCH = -32020

/** Which arguments one modern server's tools want as headers, where the catalog turns out to be behind. */
export class Declarations {
  readonly #newer = new Map<string, Newer>()
  readonly #reading = new SingleFlight<string, readonly Offered[] | null>()

  /** The newest declaration we know: the catalog's, unless it has been refused since. */
  of({ name, paramHeaders }: UpstreamRequest): Declared {
    if (this.#newer.size === 0 || name === undefined) return paramHeaders
    const newer = this.#newer.get(name)
    return newer !== undefined && newer.instead === paramHeaders ? newer.declared : paramHeaders
  }

  /** After a refusal of headers made from `sent`: reads the list of tools again. True: `of` has something newer to try. */
  async renew(
    request: UpstreamRequest,
    refused: { readonly sent: Declared; readonly key: string; readonly read: () => Promise<readonly Offered[] | null> },
  ): Promise<boolean> {
    const { name } = request
    if (name === undefined) return false
    if (this.of(request) !== refused.sent) return true
    if (performance.now() - (this.#newer.get(name)?.readAt ?? -Infinity) < SETTLED_MS) return false
    const tools = await this.#reading.run(refused.key, refused.read)
    const tool = tools?.find(({ key }) => key === name)
    const declared = tool === undefined ? refused.sent : tool.paramHeaders
    this.#newer.set(name, { instead: request.paramHeaders, declared, readAt: performance.now() })
    return tool !== undefined
  }
}

/** The server found headers that do not say what the body says, and began nothing. */
export function isHeaderMismatch(session: Session, status: number, body: Buffer): boolean {
  return session.era === 'modern' && status === 400 && rpcError(parseMessage(body))?.code === HEADER_MISMATCH
}

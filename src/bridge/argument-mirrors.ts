import type { Frame } from '#/mcp/frame.ts'
import { metaOf, rawOf } from '#/mcp/frame-values.ts'
import { CLIENT_CAPABILITIES, PROTOCOL_VERSION } from '#/mcp/meta-keys.ts'
import { readParamHeaders, type ParamHeader } from '#/mcp/param-headers.ts'
import { paramHeaders } from '#/mcp/param-values.ts'
import { MODERN_REVISION } from '#/mcp/revision.ts'
import type { GatewayLink } from './gateway-link.ts'
import { JSON_BODY, type Headers } from './headers.ts'

const MOST_PAGES = 100

interface ToolPage {
  readonly result?: {
    readonly tools?: readonly { readonly name?: unknown; readonly inputSchema?: unknown }[]
    readonly nextCursor?: unknown
  }
}

/**
 * Which arguments a tool wants to see in the head as well (`x-mcp-header`). Over stdio there is no head, so clients know nothing of
 * it: the gateway is asked once a call was refused for it.
 */
export class ArgumentMirrors {
  readonly #known = new Map<string, readonly ParamHeader[]>()

  headers(frame: Frame): Headers {
    const declared = frame.name !== undefined && frame.method === 'tools/call' ? this.#known.get(frame.name) : undefined
    return declared === undefined ? {} : paramHeaders(frame, declared)
  }

  /** Whether the tool that `frame` calls has such arguments, as the gateway lists it now. */
  async learn(frame: Frame, link: GatewayLink, signal: AbortSignal): Promise<boolean> {
    let cursor: unknown
    for (let page = 0; page < MOST_PAGES; page++) {
      const { result } = await this.#page(frame, { link, signal, cursor })
      const tool = result?.tools?.find(({ name }) => name === frame.name)
      const read = tool && readParamHeaders(tool.inputSchema)
      if (frame.name !== undefined && read?.ok === true) this.#known.set(frame.name, read.headers)
      cursor = result?.nextCursor
      if (tool !== undefined || typeof cursor !== 'string') return read?.ok === true && read.headers.length > 0
    }
    return false
  }

  async #page(frame: Frame, asked: { link: GatewayLink; signal: AbortSignal; cursor: unknown }): Promise<ToolPage> {
    const method = 'tools/list'
    const capabilities = rawOf(frame, metaOf(frame, CLIENT_CAPABILITIES))?.toString() ?? '{}'
    const meta = `"_meta":{"${PROTOCOL_VERSION}":"${MODERN_REVISION}","${CLIENT_CAPABILITIES}":${capabilities}}`
    const cursor = typeof asked.cursor === 'string' ? `,"cursor":${JSON.stringify(asked.cursor)}` : ''
    const response = await asked.link.send({
      method: 'POST',
      headers: {
        ...JSON_BODY,
        'mcp-protocol-version': MODERN_REVISION,
        'mcp-method': method,
      },
      body: Buffer.from(`{"jsonrpc":"2.0","id":"tools","method":"${method}","params":{${meta}${cursor}}}`),
      signal: asked.signal,
    })
    return (await response.json().catch(() => ({}))) as ToolPage
  }
}

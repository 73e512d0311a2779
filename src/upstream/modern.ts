import { MODERN_REVISION } from '#/mcp/revision.ts'
import type { UpstreamContext } from './options.ts'

const PREFIX = 'io.modelcontextprotocol/'

/** What every modern request of our own carries in `_meta`. */
export function modernMeta(context: Pick<UpstreamContext, 'clientInfo'>): Record<string, unknown> {
  return {
    [`${PREFIX}protocolVersion`]: MODERN_REVISION,
    [`${PREFIX}clientCapabilities`]: {},
    [`${PREFIX}clientInfo`]: context.clientInfo,
  }
}

import { GatewayError } from '#/errors/gateway-error.ts'
import { frameOf } from '#/lib/frames.ts'
import { KIND } from '#/stdio/kinds.ts'
import type { Launch, SealedLaunch } from '#/stdio/launch.ts'
import type { UpstreamContext } from './options.ts'
import type { StdioRoute } from './stdio-lanes.ts'

/** Where the host of stdio servers listens, and how a launch's environment is opened. */
export interface StdioDoor {
  readonly path: string
  environment(launch: SealedLaunch): Readonly<Record<string, string>>
}

/** The way to a server that is started by a command: its host is told first what to start. */
export function stdioRoute(
  sealed: SealedLaunch,
  { stdio }: Pick<UpstreamContext, 'stdio'>,
  target = '/mcp',
): StdioRoute {
  if (stdio === null)
    throw new GatewayError('forbidden', 'servers that are started by a command are switched off here (CAUSEWAY_STDIO)')
  const launch: Launch = { ...sealed, env: stdio.environment(sealed) }
  return { path: stdio.path, preface: frameOf(KIND.launch, 0, Buffer.from(JSON.stringify(launch))), target }
}

import { GatewayError } from '#/errors/gateway-error.ts'
import type { Launch, SealedLaunch } from '#/stdio/launch.ts'
import type { Route } from './dial.ts'
import { requestStarts } from './http1-write.ts'
import type { UpstreamContext } from './options.ts'

/** Where the host of stdio servers listens, and how a launch's environment is opened. */
export interface StdioDoor {
  readonly path: string
  environment(launch: SealedLaunch): Readonly<Record<string, string>>
}

/** The way to a server that is started by a command: HTTP to its host, which is told first what to start. */
export function stdioRoute(sealed: SealedLaunch, { stdio }: Pick<UpstreamContext, 'stdio'>, target = '/mcp'): Route {
  if (stdio === null)
    throw new GatewayError('forbidden', 'servers that are started by a command are switched off here (CAUSEWAY_STDIO)')
  const launch: Launch = { ...sealed, env: stdio.environment(sealed) }
  return {
    path: stdio.path,
    preface: Buffer.from(`${JSON.stringify(launch)}\n`),
    starts: requestStarts(target, 'stdio'),
  }
}

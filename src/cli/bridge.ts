import type { Command } from 'commander'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { Api } from './api.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { findGateway, findServer, idOf } from './find.ts'
import { taught } from './lesson.ts'
import { gatewayPlace, openApi } from './open-api.ts'
import { ownVersion } from './version.ts'

interface Options {
  readonly server?: string
  readonly gateway?: string
  readonly url?: string
}

/** Clients give a server fifteen seconds and more to start. */
const PATIENCE_MS = 12_000
const DRAIN_MS = 30_000

export function bridgeCommand(program: Command, { env: given, out, stop }: Context): void {
  const command = program
    .command('bridge')
    .description('the gateway over standard input and output, for MCP clients that only start commands')
    .option('--server <name>', 'a virtual server, by its name or id')
    .option('--gateway <name>', 'one server behind the gateway, by its name or id, with its own names')
    .option('--url <url>', 'where the gateway is; CAUSEWAY_URL or this machine unless said')
    .action(async (options: Options) => {
      const { url, server, gateway } = options
      if (server !== undefined && gateway !== undefined) throw new CliError('--server and --gateway exclude each other')
      const env = url === undefined ? given : { ...given, CAUSEWAY_URL: url }
      const { origin, token } = gatewayPlace(env)
      const { runBridge } = await import('#/bridge/bridge.ts')
      await runBridge({
        origin,
        token,
        endpoint: async () => `${origin}${await pathOf(options, () => openApi(env, stop))}`,
        input: process.stdin,
        output: process.stdout,
        userAgent: `causeway-bridge/${ownVersion()}`,
        note: (text) => out.note(`causeway bridge: ${text}`),
        patienceMs: PATIENCE_MS,
        drainMs: DRAIN_MS,
        stop,
      })
    })
  taught(command, {
    examples: [
      ['what a client that only starts commands is told to start', 'causeway bridge'],
      ['only what a virtual server offers', 'causeway bridge --server reporting'],
      ['a gateway elsewhere, with a token from the environment', 'causeway bridge --url https://mcp.example.com'],
    ],
    next: 'causeway connect writes the configuration of the usual clients by itself.',
    completes: { '--server': 'server', '--gateway': 'gateway' },
  })
}

const IS_ID = /^[0-9a-f]{32}$/

/** The endpoint's path; a name is looked up, an id is taken at its word. */
async function pathOf({ server, gateway }: Options, api: () => Promise<Api>): Promise<string> {
  if (server === undefined && gateway === undefined) return '/mcp'
  const [kind, name] = server === undefined ? (['gateways', gateway ?? ''] as const) : (['servers', server] as const)
  if (IS_ID.test(name)) return `/${kind}/${name}/mcp`
  try {
    const found = await (kind === 'servers' ? findServer : findGateway)(await api(), name)
    return `/${kind}/${idOf(found)}/mcp`
  } catch (error) {
    // A gateway that does not answer yet, or has no token yet, may do so soon; everything else it has said.
    if (error instanceof CliError && ['unreachable', 'no_token'].includes(error.code ?? '')) throw error
    throw new GatewayError('endpoint_not_found', error instanceof Error ? error.message : String(error), {
      cause: error,
    })
  }
}

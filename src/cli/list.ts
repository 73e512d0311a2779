import type { Command } from 'commander'
import type { Json } from './api.ts'
import type { Context } from './context.ts'
import { tableLines } from './table.ts'
import { plainText } from './terminal.ts'

export function listCommand(program: Command, { api, out }: Context): void {
  program
    .command('list')
    .description('the MCP servers behind the gateway')
    .option('--json', 'print the answer as JSON')
    .action(async (options: { readonly json?: boolean }) => {
      const gateways = await (await api()).all('/v1/gateways?include_inactive=true', 'gateways')
      if (options.json === true) return out.print(JSON.stringify(gateways, null, 2))
      if (gateways.length === 0) return out.note('no servers yet: npx causeway add NAME URL')
      const head = ['NAME', 'STATE', 'ERA', 'TOOLS', 'RESOURCES', 'PROMPTS', 'URL']
      for (const line of tableLines(head, gateways.map(row), out)) out.print(line)
    })
}

function row(gateway: Json): readonly string[] {
  const { name, era, toolCount, resourceCount, promptCount, url } = gateway
  return [name, stateOf(gateway), era, toolCount, resourceCount, promptCount, url].map(plainText)
}

/** How a gateway stands, in one word. */
export function stateOf({ enabled, status, reachable }: Json): string {
  if (enabled === false) return 'disabled'
  if (status === 'pending') return 'pending'
  return reachable === false ? 'unreachable' : 'ok'
}

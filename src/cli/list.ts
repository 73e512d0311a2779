import type { Command } from 'commander'
import type { Json } from './api.ts'
import type { Context } from './context.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { tableLines } from './table.ts'
import { plainText } from './terminal.ts'
import { toldApart } from './told-apart.ts'

export function listCommand(program: Command, { api, out }: Context): void {
  const command = program
    .command('list')
    .description('the MCP servers behind the gateway')
    .option(...JSON_OPTION)
    .action(async (options: { readonly json?: boolean }) => {
      const gateways = await (await api()).all('/v1/gateways?include_inactive=true', 'gateways')
      if (options.json === true) return out.print(JSON.stringify(gateways, null, 2))
      if (gateways.length === 0) return out.note('no servers yet: causeway add NAME URL')
      const head = ['NAME', 'STATE', 'ERA', 'TOOLS', 'RESOURCES', 'PROMPTS', 'WHERE']
      const names = toldApart(gateways, ({ name }) => plainText(name))
      const rows = gateways.map((one, n) => [names[n] ?? '', ...row(one)])
      for (const line of tableLines(head, rows, out)) out.print(line)
    })
  taught(command, {
    examples: [
      ['all of them, and how they stand', 'causeway list'],
      ['those that do not answer', "causeway list --json | jq -r '.[] | select(.reachable == false).name'"],
    ],
    next: 'causeway show NAME tells what one offers and what is wrong with it.',
  })
}

function row(gateway: Json): readonly string[] {
  const { era, toolCount, resourceCount, promptCount } = gateway
  return [stateOf(gateway), era, toolCount, resourceCount, promptCount, whereOf(gateway)].map(plainText)
}

/** Its URL, or the line that starts it. */
function whereOf({ url, command, args }: Json): string {
  if (typeof command !== 'string') return plainText(url)
  return [command, ...(Array.isArray(args) ? (args as readonly unknown[]) : [])].map(plainText).join(' ')
}

/** How a gateway stands, in one word. */
export function stateOf({ enabled, status, reachable }: Json): string {
  if (enabled === false) return 'disabled'
  if (status === 'pending') return 'pending'
  return reachable === false ? 'unreachable' : 'ok'
}

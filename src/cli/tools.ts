import type { Command } from 'commander'
import type { Context } from './context.ts'
import { findGateway, idOf } from './find.ts'
import { tableLines } from './table.ts'
import { plainText } from './terminal.ts'

export function toolsCommand(program: Command, { api, out }: Context): void {
  program
    .command('tools')
    .description('the tools that can be called')
    .option('--server <name>', 'only those of this server')
    .option('--json', 'print the answer as JSON')
    .action(async (options: { readonly server?: string; readonly json?: boolean }) => {
      const connection = await api()
      const { server } = options
      const filter = server === undefined ? '' : `?gateway_id=${idOf(await findGateway(connection, server))}`
      const tools = await connection.all(`/v1/tools${filter}`, 'tools')
      if (options.json === true) return out.print(JSON.stringify(tools, null, 2))
      if (tools.length === 0) return out.note('no tools yet: npx causeway add NAME URL')
      const rows = tools.map((tool) => [plainText(tool['name']), plainText(tool['description'])])
      for (const line of tableLines(['TOOL', 'DESCRIPTION'], rows, out)) out.print(line)
    })
}

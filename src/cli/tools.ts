import type { Command } from 'commander'
import type { Context } from './context.ts'
import { findGateway, findTool, idOf } from './find.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { tableLines } from './table.ts'
import { plainText } from './terminal.ts'
import { toldApart } from './told-apart.ts'
import { printTool } from './tool-page.ts'

export function toolsCommand(program: Command, { api, out }: Context): void {
  const command = program
    .command('tools')
    .description('the tools that can be called, or what one of them takes')
    .argument('[tool]', 'show this one alone')
    .option('--server <name>', 'only those of this server')
    .option(...JSON_OPTION)
    .action(async (name: string | undefined, options: { readonly server?: string; readonly json?: boolean }) => {
      const connection = await api()
      if (name !== undefined) {
        const tool = await findTool(connection, name)
        return options.json === true ? out.print(JSON.stringify(tool, null, 2)) : printTool(tool, out, name)
      }
      const { server } = options
      const filter = server === undefined ? '' : `?gateway_id=${idOf(await findGateway(connection, server))}`
      const tools = await connection.all(`/v1/tools${filter}`, 'tools')
      if (options.json === true) return out.print(JSON.stringify(tools, null, 2))
      if (tools.length === 0) return out.note('no tools yet: npx causeway add NAME URL')
      const names = toldApart(tools, (tool) => plainText(tool['name']))
      const rows = tools.map((tool, n) => [names[n] ?? '', plainText(tool['description'])])
      for (const line of tableLines(['TOOL', 'DESCRIPTION'], rows, out)) out.print(line)
    })
  taught(command, {
    examples: [
      ['everything that can be called', 'causeway tools'],
      ['what one server offers', 'causeway tools --server github'],
      ['what one tool takes', 'causeway tools everything-get-sum'],
    ],
    next: 'causeway call TOOL calls one.',
    completes: { tool: 'tool', '--server': 'gateway' },
  })
}

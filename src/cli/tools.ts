import type { Command } from 'commander'
import type { Json } from './api.ts'
import type { Context } from './context.ts'
import { findGateway, findTool, idOf } from './find.ts'
import { tableLines } from './table.ts'
import { plainText, printable, type Terminal } from './terminal.ts'
import { parametersOf } from './tool-arguments.ts'

export function toolsCommand(program: Command, { api, out }: Context): void {
  program
    .command('tools')
    .description('the tools that can be called, or what one of them takes')
    .argument('[tool]', 'show this one alone')
    .option('--server <name>', 'only those of this server')
    .option('--json', 'print the answer as JSON')
    .action(async (name: string | undefined, options: { readonly server?: string; readonly json?: boolean }) => {
      const connection = await api()
      if (name !== undefined) return printTool(await findTool(connection, name), options.json === true, out)
      const { server } = options
      const filter = server === undefined ? '' : `?gateway_id=${idOf(await findGateway(connection, server))}`
      const tools = await connection.all(`/v1/tools${filter}`, 'tools')
      if (options.json === true) return out.print(JSON.stringify(tools, null, 2))
      if (tools.length === 0) return out.note('no tools yet: npx causeway add NAME URL')
      const rows = tools.map((tool) => [plainText(tool['name']), plainText(tool['description'])])
      for (const line of tableLines(['TOOL', 'DESCRIPTION'], rows, out)) out.print(line)
    })
}

function printTool(tool: Json, asJson: boolean, out: Terminal): void {
  if (asJson) return out.print(JSON.stringify(tool, null, 2))
  const name = plainText(tool['name'])
  out.print(out.bold(name))
  const description = printable(typeof tool['description'] === 'string' ? tool['description'] : '').trim()
  if (description !== '') out.print(description)
  const parameters = parametersOf(tool['inputSchema'])
  if (parameters.length === 0) return out.print(`\nIt takes no arguments: causeway call ${name}`)
  out.print('')
  const rows = parameters.map((one) => [one.name, one.type, one.required ? 'required' : '', one.description])
  for (const line of tableLines(['ARGUMENT', 'TYPE', '', 'DESCRIPTION'], rows, out)) out.print(line)
  const given = parameters.filter(({ required }) => required).map((one) => ` --arg ${one.name}=…`)
  out.print(`\ncauseway call ${name}${given.join('')}`)
}

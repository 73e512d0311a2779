import type { Command } from 'commander'
import type { Context } from './context.ts'
import { findGateway, idOf } from './find.ts'
import { plainText } from './terminal.ts'

export function removeCommand(program: Command, { api, out }: Context): void {
  program
    .command('remove')
    .description('take a server and its tools out of the gateway')
    .argument('<name>', 'its name or id')
    .option('--json', 'print the answer as JSON')
    .action(async (name: string, options: { readonly json?: boolean }) => {
      const connection = await api()
      const gateway = await findGateway(connection, name)
      const { text } = await connection.request('DELETE', `/v1/gateways/${idOf(gateway)}`)
      out.print(options.json === true ? text : `removed ${plainText(gateway['name'])}`)
    })
}

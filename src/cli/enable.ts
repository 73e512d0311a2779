import type { Command } from 'commander'
import type { Context } from './context.ts'
import { findGateway, idOf } from './find.ts'
import { plainText } from './terminal.ts'

/** `enable` and `disable`: the same request with the two values of one switch. */
export function enableCommands(program: Command, { api, out }: Context): void {
  for (const [verb, done, activate] of [
    ['enable', 'enabled', true],
    ['disable', 'disabled', false],
  ] as const) {
    program
      .command(verb)
      .description(activate ? 'offer a server’s tools again' : 'keep a server, but offer nothing of it')
      .argument('<name>', 'its name or id')
      .option('--json', 'print the answer as JSON')
      .action(async (name: string, options: { readonly json?: boolean }) => {
        const connection = await api()
        const gateway = await findGateway(connection, name)
        const { text } = await connection.request('POST', `/v1/gateways/${idOf(gateway)}/state?activate=${activate}`)
        out.print(options.json === true ? text : `${done} ${plainText(gateway['name'])}`)
      })
  }
}

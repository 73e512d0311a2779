import type { Command } from 'commander'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { findGateway, idOf } from './find.ts'
import { plainText } from './terminal.ts'

export function refreshCommand(program: Command, { api, out }: Context): void {
  program
    .command('refresh')
    .description('ask a server again what it offers')
    .argument('<name>', 'its name or id')
    .option('--json', 'print the answer as JSON')
    .action(async (name: string, options: { readonly json?: boolean }) => {
      const connection = await api()
      const gateway = await findGateway(connection, name)
      const query = 'include_resources=true&include_prompts=true'
      const result = await connection.json('POST', `/v1/gateways/${idOf(gateway)}/tools/refresh?${query}`)
      if (options.json === true) out.print(JSON.stringify(result, null, 2))
      if (result['success'] === false)
        throw new CliError(`${plainText(gateway['name'])}: ${plainText(result['error'])}`)
      if (options.json === true) return
      for (const kind of ['tools', 'resources', 'prompts']) {
        const [added, updated, removed] = ['Added', 'Updated', 'Removed'].map((what) =>
          plainText(result[kind + what] ?? 0),
        )
        out.print(`${kind.padEnd(10)} ${added} added, ${updated} changed, ${removed} removed`)
      }
    })
}

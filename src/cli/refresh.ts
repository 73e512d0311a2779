import type { Command } from 'commander'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { findGateway, idOf } from './find.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { working } from './progress.ts'
import { plainText } from './terminal.ts'

export function refreshCommand(program: Command, { api, out }: Context): void {
  const command = program
    .command('refresh')
    .description('ask a server again what it offers')
    .argument('<name>', 'its name, its id, or a beginning that only one has')
    .option(...JSON_OPTION)
    .action(async (name: string, options: { readonly json?: boolean }) => {
      const connection = await api()
      const gateway = await findGateway(connection, name)
      const query = 'include_resources=true&include_prompts=true'
      const path = `/v1/gateways/${idOf(gateway)}/tools/refresh?${query}`
      const result = await working(out, `asking ${plainText(gateway['name'])}`, () => connection.json('POST', path))
      if (options.json === true) out.print(JSON.stringify(result, null, 2))
      if (result['success'] === false)
        throw new CliError(`${plainText(gateway['name'])}: ${plainText(result['error'])}`, { code: 'refresh_failed' })
      if (options.json === true) return
      for (const kind of ['tools', 'resources', 'prompts']) {
        const [added, updated, removed] = ['Added', 'Updated', 'Removed'].map((what) =>
          plainText(result[kind + what] ?? 0),
        )
        out.print(`${kind.padEnd(10)} ${added} added, ${updated} changed, ${removed} removed`)
      }
    })
  taught(command, {
    examples: [
      ['after the server has changed', 'causeway refresh everything'],
      ['how much is different, for a program', 'causeway refresh everything --json'],
    ],
    next: 'causeway show NAME lists what it offers now.',
    completes: { name: 'gateway' },
  })
}

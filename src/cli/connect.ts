import { Argument, Option, type Command } from 'commander'
import { CLIENT_NAMES, SCOPES, type ClientName } from '#/clients/clients.ts'
import type { ConnectOptions } from './connect-client.ts'
import type { Context } from './context.ts'
import { JSON_OPTION, taught } from './lesson.ts'

export function connectCommand(program: Command, context: Context): void {
  const command = program
    .command('connect')
    .description('write the gateway into the configuration of an MCP client')
    .addArgument(new Argument('[client]', 'which one; without it, what there is').choices(CLIENT_NAMES))
    .option('--server <name>', 'only what this virtual server offers')
    .option('--name <name>', 'what the client calls it: causeway, or causeway-SERVER')
    .addOption(
      new Option('--scope <scope>', 'for you, or for everybody in this project').choices(SCOPES).default('user'),
    )
    .option('--url <url>', 'how the client reaches the gateway; CAUSEWAY_URL or this machine unless said')
    .option(
      '--token <token>',
      'a token for the client, - reads it from standard input; a narrowed one is made unless said',
    )
    .option('--remove', 'take it out again, and revoke the token')
    .option('--dry-run', 'show what would change, and change nothing')
    .option(...JSON_OPTION)
    .action(async (client: ClientName | undefined, options: ConnectOptions) => {
      // What reads and writes configurations is not needed to know that there is such a command.
      const { runConnect } = await import('./connect-client.ts')
      await runConnect(client, context, options)
    })
  taught(command, {
    examples: [
      ['which clients are here, and which are connected', 'causeway connect'],
      ['see what would be written', 'causeway connect claude-code --dry-run'],
      ['write it, with a token of its own that can only use what there is', 'causeway connect claude-code'],
      [
        'only what one virtual server offers, for everybody in this project',
        'causeway connect vscode --server docs --scope project',
      ],
      ['take it out again', 'causeway connect claude-code --remove'],
    ],
    next: 'start the client anew; causeway connect shows what is connected.',
    completes: { '--server': 'server' },
  })
}

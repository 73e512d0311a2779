import type { Command } from 'commander'
import type { Context } from './context.ts'
import { DRY_RUN_OPTION, foresee } from './dry-run.ts'
import { find, idOf } from './find.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { plainText } from './terminal.ts'

const SWITCHED = {
  gateway: {
    path: '/v1/gateways',
    prefix: '',
    on: 'offer a server’s tools again',
    off: 'keep a server, but offer nothing of it',
    example: 'everything',
  },
  server: {
    path: '/v1/servers',
    prefix: 'server ',
    on: 'let a virtual server answer again',
    off: 'keep a virtual server, but let it answer nobody',
    example: 'reporting',
  },
} as const

export const enableCommands = (program: Command, context: Context): void => stateCommands(program, context, 'gateway')

/** `enable` and `disable`: the same request with the two values of one switch. */
export function stateCommands(parent: Command, { api, out }: Context, kind: keyof typeof SWITCHED): void {
  const { path, prefix, on, off, example } = SWITCHED[kind]
  for (const [verb, done, activate] of [
    ['enable', 'enabled', true],
    ['disable', 'disabled', false],
  ] as const) {
    const command = parent
      .command(verb)
      .description(activate ? on : off)
      .argument('<name>', 'its name, its id, or a beginning that only one has')
      .option(...DRY_RUN_OPTION)
      .option(...JSON_OPTION)
      .action(async (name: string, { dryRun, json }: { readonly dryRun?: boolean; readonly json?: boolean }) => {
        const connection = await api()
        const found = await find(connection, kind, name)
        const change = { method: 'POST', path: `${path}/${idOf(found)}/state?activate=${activate}`, json }
        if (dryRun === true) return await foresee(connection, out, change)
        const { text } = await connection.request(change.method, change.path)
        out.print(json === true ? text : `${done} ${plainText(found['name'])}`)
      })
    taught(command, {
      examples: [
        ['by its name', `causeway ${prefix}${verb} ${example}`],
        ['by the beginning of its name', `causeway ${prefix}${verb} ${example.slice(0, 3)}`],
        ['what that would do', `causeway ${prefix}${verb} ${example} --dry-run`],
      ],
      next: activate ? undefined : `causeway ${prefix}enable NAME switches it on again.`,
      completes: { name: kind },
    })
  }
}

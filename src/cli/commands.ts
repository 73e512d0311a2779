import type { Command } from 'commander'
import type { Context } from './context.ts'

type Adds = (program: Command, context: Context) => void

/** Commands that are made together, by their names and by what makes them. */
interface Made {
  readonly names: readonly string[]
  readonly load: () => Promise<Adds>
}

const made = (names: string, load: Made['load']): Made => ({ names: names.split(' '), load })

/** Every command, in the order and under the headings in which help shows them. What makes one is loaded when it is wanted. */
const GROUPS: readonly (readonly [heading: string, commands: readonly Made[]])[] = [
  ['Run:', [made('serve', async () => (await import('./serve.ts')).serveCommand)]],
  [
    'Servers behind the gateway:',
    [
      made('add', async () => (await import('./add.ts')).addCommand),
      made('list', async () => (await import('./list.ts')).listCommand),
      made('show', async () => (await import('./show.ts')).showCommand),
      made('refresh', async () => (await import('./refresh.ts')).refreshCommand),
      made('logs', async () => (await import('./logs.ts')).logsCommand),
      made('enable disable', async () => (await import('./enable.ts')).enableCommands),
      made('remove', async () => (await import('./remove.ts')).removeCommand),
    ],
  ],
  ['Declared in a file:', [made('apply', async () => (await import('./apply.ts')).applyCommand)]],
  [
    'Tools:',
    [
      made('tools', async () => (await import('./tools.ts')).toolsCommand),
      made('call', async () => (await import('./call.ts')).callCommand),
      made('search', async () => (await import('./search.ts')).searchCommand),
    ],
  ],
  ['Virtual servers:', [made('server', async () => (await import('./server.ts')).serverCommands)]],
  [
    'MCP clients:',
    [
      made('connect', async () => (await import('./connect.ts')).connectCommand),
      made('bridge', async () => (await import('./bridge.ts')).bridgeCommand),
      made('example', async () => (await import('./example.ts')).exampleCommand),
    ],
  ],
  [
    'Access:',
    [
      made('login', async () => (await import('./login.ts')).loginCommand),
      made('logout', async () => (await import('./login.ts')).logoutCommand),
      made('token', async () => (await import('./token.ts')).tokenCommands),
      made('user', async () => (await import('./user.ts')).userCommands),
      made('team', async () => (await import('./team.ts')).teamCommands),
      made('role', async () => (await import('./role.ts')).roleCommands),
      made('access', async () => (await import('./access.ts')).accessCommands),
      made('why', async () => (await import('./why.ts')).whyCommand),
      made('audit', async () => (await import('./audit.ts')).auditCommands),
    ],
  ],
  [
    'Watch and repair:',
    [
      made('doctor', async () => (await import('./doctor.ts')).doctorCommand),
      made('watch', async () => (await import('./watch.ts')).watchCommands),
      made('config', async () => (await import('./config.ts')).configCommand),
      made('load', async () => (await import('./load.ts')).loadCommands),
    ],
  ],
  [
    'Backup and keys:',
    [
      made('backup', async () => (await import('./backup.ts')).backupCommand),
      made('restore', async () => (await import('./restore.ts')).restoreCommand),
      made('keys', async () => (await import('./keys.ts')).keysCommands),
    ],
  ],
  [
    'About:',
    [
      made('completion', async () => (await import('./completion.ts')).completionCommand),
      made('version', async () => (await import('./version.ts')).versionCommand),
    ],
  ],
]

/** What makes the commands that a command line is about, under their headings: the one that it names, else all of them. */
export async function commandsFor(argv: readonly string[]): Promise<readonly (readonly [string, readonly Adds[]])[]> {
  const name = named(argv)
  const known = GROUPS.some(([, commands]) => commands.some(({ names }) => names.includes(name)))
  return await Promise.all(
    GROUPS.map(async ([heading, commands]) => {
      const wanted = commands.filter(({ names }) => !known || names.includes(name))
      return [heading, await Promise.all(wanted.map(({ load }) => load()))] as const
    }),
  )
}

/** The command that a line begins with; '' where it begins with anything else than that or a configuration file. */
function named([first = '', ...rest]: readonly string[]): string {
  if (first === '--config') return named(rest.slice(1))
  if (first.startsWith('--config=')) return named(rest)
  return first
}

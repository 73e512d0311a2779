import { Command } from 'commander'
import { accessCommands } from './access.ts'
import { addCommand } from './add.ts'
import { applyCommand } from './apply.ts'
import { auditCommands } from './audit.ts'
import { connectCommand } from './connect.ts'
import { backupCommand } from './backup.ts'
import { bridgeCommand } from './bridge.ts'
import { callCommand } from './call.ts'
import { completionCommand } from './completion.ts'
import { configCommand } from './config.ts'
import { doctorCommand } from './doctor.ts'
import { CONFIG_OPTION } from './config-option.ts'
import type { Context } from './context.ts'
import { enableCommands } from './enable.ts'
import { exampleCommand } from './example.ts'
import { taught } from './lesson.ts'
import { loadCommands } from './load.ts'
import { loginCommand, logoutCommand } from './login.ts'
import { keysCommands } from './keys.ts'
import { listCommand } from './list.ts'
import { logsCommand } from './logs.ts'
import { roleCommands } from './role.ts'
import { teamCommands } from './team.ts'
import { userCommands } from './user.ts'
import { whyCommand } from './why.ts'
import { refreshCommand } from './refresh.ts'
import { removeCommand } from './remove.ts'
import { restoreCommand } from './restore.ts'
import { serveCommand } from './serve.ts'
import { serverCommands } from './server.ts'
import { showCommand } from './show.ts'
import { terminal } from './terminal.ts'
import { tokenCommands } from './token.ts'
import { toolsCommand } from './tools.ts'
import { ownVersion, versionCommand } from './version.ts'
import { watchCommands } from './watch.ts'
import { wrapped } from './text.ts'

type Adds = (program: Command, context: Context) => void

/** Every command, in the order and under the headings in which help shows them. */
const GROUPS: readonly (readonly [heading: string, commands: readonly Adds[]])[] = [
  ['Run:', [serveCommand]],
  [
    'Servers behind the gateway:',
    [addCommand, listCommand, showCommand, refreshCommand, logsCommand, enableCommands, removeCommand],
  ],
  ['Declared in a file:', [applyCommand]],
  ['Tools:', [toolsCommand, callCommand]],
  ['Virtual servers:', [serverCommands]],
  ['MCP clients:', [connectCommand, bridgeCommand, exampleCommand]],
  [
    'Access:',
    [
      loginCommand,
      logoutCommand,
      tokenCommands,
      userCommands,
      teamCommands,
      roleCommands,
      accessCommands,
      whyCommand,
      auditCommands,
    ],
  ],
  ['Watch and repair:', [doctorCommand, watchCommands, configCommand, loadCommands]],
  ['Backup and keys:', [backupCommand, restoreCommand, keysCommands]],
  ['About:', [completionCommand, versionCommand]],
]

const ABOUT = `Commands talk to the gateway of this machine, or to CAUSEWAY_URL with CAUSEWAY_TOKEN or as whoever said causeway login. In the repository and without \
an installation they start with npx causeway.

They end with 0 when it is done, 1 when it failed, 2 when the command or a setting was not understood, 130 after Ctrl-C. With --json \
standard output is one JSON document, and a failure is {"error": {"code", "message"}} on standard error.`

/** The whole command line. Nothing runs until it parses something. */
export function buildProgram(context: Context): Command {
  const { out } = context
  const width = (): number => (out.isTTY ? out.columns : 100)
  const program = new Command('causeway')
  program
    .description('One endpoint in front of many MCP servers.')
    .version(ownVersion(), '-v, --version', 'the version of Causeway')
    .helpOption('-h, --help', 'show this')
    .option(...CONFIG_OPTION)
    .exitOverride()
    .configureHelp({ styleTitle: out.bold, minWidthToWrap: 12, subcommandTerm: shortTerm })
    .configureOutput({
      writeOut: (text) => out.print(text.trimEnd()),
      writeErr: (text) => out.note(text.trimEnd()),
      getOutHelpWidth: width,
      getErrHelpWidth: width,
      // What is painted is decided by the terminal that `out` is.
      getOutHasColors: () => true,
      getErrHasColors: () => true,
    })
  for (const [heading, commands] of GROUPS) {
    program.commandsGroup(heading)
    for (const command of commands) command(program, context)
  }
  program.helpCommand('help [command]', 'show what a command takes')
  taught(program, {
    examples: [
      ['run the gateway (npm start does this)', 'causeway serve'],
      ['put a server behind it', 'causeway add everything http://127.0.0.1:3001/mcp'],
      ['what can be called now', 'causeway tools'],
      ['call it', 'causeway call everything-echo --arg message=hello'],
    ],
    next: 'causeway COMMAND --help shows what a command takes, with examples.',
  })
  program.addHelpText(
    'after',
    () =>
      `\n${ABOUT.split('\n')
        .flatMap((line) => wrapped(line, width()))
        .join('\n')}`,
  )
  pointToHelp(program, 'causeway')
  return program
}

/** Of a command in a list: that there are options goes without saying. */
function shortTerm(command: Command): string {
  const takes = command.registeredArguments.map(
    (one) => `${one.required ? '<' : '['}${one.name()}${one.variadic ? '...' : ''}${one.required ? '>' : ']'}`,
  )
  return [command.name(), ...takes].join(' ')
}

/** After a mistake each command points to its own help. */
function pointToHelp(command: Command, path: string): void {
  command.showHelpAfterError(`(${path} --help shows ${command.commands.length > 0 ? 'the commands' : 'what it takes'})`)
  for (const child of command.commands) pointToHelp(child, `${path} ${child.name()}`)
}

const NO_LAYERS = { env: {}, origins: new Map(), file: null, faults: [] } as const

/** The commands with nothing behind them: for those who only read what they take, such as the reference of the CLI. */
export function describedProgram(): Command {
  const never = (): never => {
    throw new Error('this program is only described')
  }
  const deaf = { write: () => true, on: () => undefined }
  const out = terminal({ out: deaf, err: deaf, plain: true, failed: never })
  const keyboard = { present: false, ask: never, askSecret: never }
  const stop = new AbortController().signal
  return buildProgram({
    env: {},
    layers: NO_LAYERS,
    out,
    keyboard,
    stop,
    serve: never,
    api: never,
    readStdin: never,
    mayCleanUpFor: never,
  })
}

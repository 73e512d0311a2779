import { Command } from 'commander'
import { commandsFor } from './commands.ts'
import { CONFIG_OPTION } from './config-option.ts'
import type { Context } from './context.ts'
import { taught } from './lesson.ts'
import { terminal } from './terminal.ts'
import { ownVersion } from './version.ts'
import { wrapped } from './text.ts'

const ABOUT = `Commands talk to the gateway of this machine, or to CAUSEWAY_URL with CAUSEWAY_TOKEN or as whoever said causeway login. In the repository and without \
an installation they start with npx causeway.

They end with 0 when it is done, 1 when it failed, 2 when the command or a setting was not understood, 130 after Ctrl-C. With --json \
standard output is one JSON document, and a failure is {"error": {"code", "message"}} on standard error.`

/** The command line, as far as these arguments are about it; the whole without any. Nothing runs until it parses something. */
export async function buildProgram(context: Context, argv: readonly string[] = []): Promise<Command> {
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
  for (const [heading, commands] of await commandsFor(argv)) {
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
export async function describedProgram(argv: readonly string[] = []): Promise<Command> {
  const never = (): never => {
    throw new Error('this program is only described')
  }
  const deaf = { write: () => true, on: () => undefined }
  const out = terminal({ out: deaf, err: deaf, plain: true, failed: never })
  const keyboard = { present: false, ask: never, askSecret: never }
  const stop = new AbortController().signal
  const context: Context = {
    env: {},
    layers: NO_LAYERS,
    out,
    keyboard,
    stop,
    serve: never,
    api: never,
    readStdin: never,
    mayCleanUpFor: never,
  }
  return await buildProgram(context, argv)
}

import { Command, CommanderError } from 'commander'
import { ConfigError } from '#/config/config.ts'
import { addCommand } from './add.ts'
import { callCommand } from './call.ts'
import { CliError } from './cli-error.ts'
import { configCommand } from './config.ts'
import type { Context } from './context.ts'
import { enableCommands } from './enable.ts'
import { listCommand } from './list.ts'
import { refreshCommand } from './refresh.ts'
import { removeCommand } from './remove.ts'
import { serveCommand } from './serve.ts'
import { showCommand } from './show.ts'
import { tokenCommands } from './token.ts'
import { toolsCommand } from './tools.ts'
import { ownVersion, versionCommand } from './version.ts'
import { watchCommands } from './watch-db.ts'

const COMMANDS = [
  serveCommand,
  addCommand,
  listCommand,
  showCommand,
  toolsCommand,
  callCommand,
  refreshCommand,
  enableCommands,
  removeCommand,
  tokenCommands,
  watchCommands,
  configCommand,
  versionCommand,
]

const ABOUT = `
Examples:
  causeway serve                                          run the gateway (npm start does this)
  causeway add everything http://127.0.0.1:3001/mcp       put a server behind it
  causeway tools                                          what can be called now
  causeway call everything-echo --arg message=hello       call it

Commands talk to the gateway of this machine, or to CAUSEWAY_URL with CAUSEWAY_TOKEN. They end with 0 when it is done, 1 when it
failed, 2 when they were not understood. All but serve take --json for programs; causeway COMMAND --help shows the rest.`

/** After a mistake each command points to its own help. */
function teach(command: Command, path: string): void {
  command.showHelpAfterError(`(${path} --help shows ${command.commands.length > 0 ? 'the commands' : 'what it takes'})`)
  for (const child of command.commands) teach(child, `${path} ${child.name()}`)
}

/** Runs one command. The exit code: 0 done, 1 failed, 2 not understood. */
export async function runCli(argv: readonly string[], context: Context): Promise<number> {
  const program = new Command('causeway')
  program
    .description('One endpoint in front of many MCP servers.')
    .version(ownVersion(), '-v, --version', 'the version of Causeway')
    .helpOption('-h, --help', 'show this')
    .helpCommand('help [command]', 'show what a command takes')
    .addHelpText('after', ABOUT)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.out.print(text.trimEnd()),
      writeErr: (text) => context.out.note(text.trimEnd()),
    })
  for (const command of COMMANDS) command(program, context)
  teach(program, 'causeway')
  try {
    await program.parseAsync(argv, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    context.out.note(context.out.red(explained(error)))
    return error instanceof ConfigError ? 2 : 1
  }
}

/** A defect of ours is shown with its stack; everything else is a sentence for the person at the keyboard. */
function explained(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isDefect =
    error.constructor !== Error && /^(Type|Reference|Range|Syntax|Eval|URI|Assertion)Error/.test(error.name)
  if (isDefect) return error.stack ?? error.message
  return error instanceof CliError ? error.message : `causeway: ${error.message}`
}

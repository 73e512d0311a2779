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
import { versionCommand } from './version.ts'
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

/** Runs one command. The exit code: 0 done, 1 failed, 2 not understood. */
export async function runCli(argv: readonly string[], context: Context): Promise<number> {
  const program = new Command('causeway')
  program
    .description('one endpoint in front of many MCP servers')
    .exitOverride()
    .showHelpAfterError('(causeway --help shows the commands)')
    .configureOutput({
      writeOut: (text) => context.out.print(text.trimEnd()),
      writeErr: (text) => context.out.note(text.trimEnd()),
    })
  for (const command of COMMANDS) command(program, context)
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

import { resolve } from 'node:path'
import { CliError } from './cli-error.ts'

export interface StdioOptions {
  readonly env?: readonly string[]
  readonly cwd?: string
  readonly sharing?: string
}

/** What is said of a server that is started by a command, as REST wants it. */
export function stdioBody(
  [command, ...args]: readonly string[],
  { env = [], cwd, sharing }: StdioOptions,
): Record<string, unknown> {
  return {
    transport: 'STDIO',
    command,
    args,
    ...(env.length > 0 && { env: Object.fromEntries(env.map(variable)) }),
    ...(cwd !== undefined && { cwd: resolve(cwd) }),
    ...(sharing !== undefined && { sharing: sharing.replaceAll('-', '_') }),
  }
}

/** Options of such a server make no sense for one behind a URL. */
export function refuseStdioOptions({ env, cwd, sharing }: StdioOptions): void {
  if (env === undefined && cwd === undefined && sharing === undefined) return
  throw new CliError('--env, --cwd and --sharing are for a command to run: causeway add NAME -- COMMAND ARGS…')
}

function variable(text: string): readonly [string, string] {
  const equals = text.indexOf('=')
  if (equals < 1) throw new CliError(`--env must be NAME=VALUE, not ${JSON.stringify(text.slice(0, 40))}`)
  return [text.slice(0, equals), text.slice(equals + 1)]
}

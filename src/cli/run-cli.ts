import { CommanderError } from 'commander'
import { ConfigError } from '#/config/config.ts'
import { CliError, Interrupted } from './cli-error.ts'
import type { Context } from './context.ts'
import { buildProgram } from './program.ts'

/** Runs one command. The exit code: 0 done, 1 failed, 2 not understood, 128 and the number of the signal that ended it. */
export async function runCli(argv: readonly string[], context: Context): Promise<number> {
  const { out, stop } = context
  const asJson = wantsJson(argv)
  if (asJson) out.forPrograms()
  const program = await buildProgram(context, argv)
  try {
    await program.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' })
  } catch (error) {
    if (!stop.aborted) return failed(error, { context, asJson })
  }
  return stop.reason instanceof Interrupted ? stop.reason.exitCode : 0
}

function failed(error: unknown, { context: { out }, asJson }: { context: Context; asJson: boolean }): number {
  const isUsage = error instanceof CommanderError
  if (isUsage && error.exitCode === 0) return 0
  // Commander has said it in words already.
  if (asJson) out.complain(JSON.stringify({ error: described(error) }))
  else if (!isUsage) out.complain(explained(error))
  return isUsage || error instanceof ConfigError ? 2 : 1
}

/** Whether a program reads, even where the rest is not understood. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return argv.slice(0, end === -1 ? undefined : end).includes('--json')
}

function described(error: unknown): object {
  if (error instanceof CommanderError)
    return { code: 'usage', message: error.message.replace(/^error: /, '').replaceAll('\n', ' ') }
  if (error instanceof ConfigError) return { code: 'config', message: error.message, problems: error.problems }
  if (error instanceof CliError) {
    const { code = 'failed', message, status, details } = error
    return { code, message, ...(status !== undefined && { status }), ...details }
  }
  return {
    code: isDefect(error) ? 'defect' : 'failed',
    message: error instanceof Error ? error.message : String(error),
  }
}

/** A defect of ours is shown with its stack; everything else is a sentence for the person at the keyboard. */
function explained(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (isDefect(error)) return error.stack ?? error.message
  return error instanceof CliError ? error.message : `causeway: ${error.message}`
}

function isDefect(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.constructor !== Error &&
    /^(Type|Reference|Range|Syntax|Eval|URI|Assertion)Error/.test(error.name)
  )
}

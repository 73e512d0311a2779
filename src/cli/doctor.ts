import type { Command } from 'commander'
import { ConfigError, configFromEnv, type Config } from '#/config/config.ts'
import { thisMachine } from '#/config/env.ts'
import { isLoopback } from '#/config/read-settings.ts'
import { wrong, type Finding } from '#/lib/finding.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { examineGateway } from './doctor-gateway.ts'
import { examineProgram } from './doctor-program.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { working } from './progress.ts'
import type { Terminal } from './terminal.ts'
import { padded, wrapped } from './text.ts'

export function doctorCommand(program: Command, context: Context): void {
  const { out } = context
  const command = program
    .command('doctor')
    .description('look at everything the gateway needs, and say what to do about what is wrong')
    .option(...JSON_OPTION)
    .action(async (options: { readonly json?: boolean }) => {
      const findings = await working(out, 'looking around', () => examined(context))
      const problems = findings.filter(({ level }) => level === 'problem').length
      const warnings = findings.filter(({ level }) => level === 'warning').length
      if (options.json === true)
        out.print(JSON.stringify({ healthy: problems === 0, problems, warnings, findings }, null, 2))
      else for (const finding of findings) printFinding(finding, out)
      if (problems > 0)
        throw new CliError(`${problems} thing${problems === 1 ? '' : 's'} to repair`, { code: 'unhealthy' })
      if (options.json !== true) out.print(warnings === 0 ? '\nall is well' : '\nit works; mind the lines with !')
    })
  taught(command, {
    examples: [
      ['before the first start, and whenever something is odd', 'causeway doctor'],
      ['against the database that is to be used', 'DATABASE_URL=postgres://causeway@db/causeway causeway doctor'],
      ['in a script: it ends with 1 when something does not work', 'causeway doctor --json'],
    ],
    next: 'do what stands below each ✗, then run it again.',
  })
}

async function examined(context: Context): Promise<readonly Finding[]> {
  let config: Config
  try {
    config = configFromEnv(context.env, thisMachine(), context.layers).config
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map((problem) => wrong('settings', problem, 'causeway config shows every setting'))
  }
  const machine = isHere(context, config) ? await (await import('#/examine.ts')).examineMachine(config) : []
  return [...(await examineProgram(context.env)), ...machine, ...(await examineGateway(context))]
}

/** Whether CAUSEWAY_URL leads to this machine, so that its folder and database are the gateway's. */
function isHere({ env }: Context, { http }: Config): boolean {
  const url = URL.parse((env['CAUSEWAY_URL'] ?? '').trim())
  return url === null || isLoopback(url.hostname.replaceAll(/[[\]]/g, '')) || url.origin === http.publicUrl
}

const LONGEST_CHECK = 12

function printFinding({ check, level, message, advice }: Finding, out: Terminal): void {
  const sign = { ok: out.green('✓'), warning: out.yellow('!'), problem: out.red('✗') }[level]
  const room = (out.isTTY ? out.columns : 120) - LONGEST_CHECK - 3
  const lines = [...wrapped(message, room), ...(advice === undefined ? [] : wrapped(`→ ${advice}`, room))]
  for (const [at, line] of lines.entries())
    out.print(at === 0 ? `${sign} ${padded(check, LONGEST_CHECK)} ${line}` : `${' '.repeat(LONGEST_CHECK + 3)}${line}`)
}

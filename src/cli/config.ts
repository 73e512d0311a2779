import type { Command } from 'commander'
import { describeSettings, type DescribedSetting } from '#/config/describe.ts'
import type { Context } from './context.ts'
import { tableLines } from './table.ts'
import type { Terminal } from './terminal.ts'

export function configCommand(program: Command, { env, out }: Context): void {
  program
    .command('config')
    .description('every setting with its effective value and where that comes from')
    .option('--json', 'print it as JSON')
    .action((options: { readonly json?: boolean }) => {
      const { settings, warnings } = describeSettings(env)
      if (options.json === true) return out.print(JSON.stringify({ settings, warnings }, null, 2))
      // A table for programs; four columns are too wide for most terminals.
      if (out.isTTY) for (const setting of settings) printSetting(setting, out)
      else {
        const rows = settings.map(({ name, value, source, doc }) => [name, value ?? '–', source, doc])
        for (const line of tableLines(['SETTING', 'VALUE', 'SOURCE', 'MEANING'], rows, out)) out.print(line)
      }
      for (const warning of warnings) out.note(warning)
    })
}

function printSetting({ name, value, source, doc }: DescribedSetting, out: Terminal): void {
  out.print(`${out.bold(name)}=${value ?? ''}${source === 'default' ? out.dim('  default') : ''}`)
  out.print(`    ${doc}`)
}

import type { Command } from 'commander'
import { describeSettings } from '#/config/describe.ts'
import type { Context } from './context.ts'
import { tableLines } from './table.ts'

export function configCommand(program: Command, { env, out }: Context): void {
  program
    .command('config')
    .description('every setting with its effective value and where that comes from')
    .option('--json', 'print it as JSON')
    .action((options: { readonly json?: boolean }) => {
      const { settings, warnings } = describeSettings(env)
      if (options.json === true) return out.print(JSON.stringify({ settings, warnings }, null, 2))
      const rows = settings.map(({ name, value, source, doc }) => [name, value ?? '–', source, doc])
      for (const line of tableLines(['SETTING', 'VALUE', 'SOURCE', 'MEANING'], rows, out)) out.print(line)
      for (const warning of warnings) out.note(warning)
    })
}

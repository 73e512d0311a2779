import type { Command } from 'commander'
import { describeSettings, type DescribedSetting } from '#/config/describe.ts'
import { thisMachine } from '#/config/env.ts'
import { withFlags } from '#/config/layers.ts'
import type { DeclaredSource } from '#/declared/open-file.ts'
import type { Context } from './context.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { declaredIn } from './serve.ts'
import { flagsGiven, withSettingFlags } from './setting-flags.ts'
import { tableLines } from './table.ts'
import type { Terminal } from './terminal.ts'

export function configCommand(program: Command, { layers, out }: Context): void {
  const command = program
    .command('config')
    .description('every setting with its effective value and where that comes from')
    .option(...JSON_OPTION)
    .action(async (options: { readonly json?: boolean }) => {
      const said = withFlags(layers, flagsGiven({ ...options }))
      const declared = await declaredIn(said)
      const { settings, warnings } = describeSettings(said.env, thisMachine(), said)
      const file = said.file?.path ?? null
      if (options.json === true)
        return out.print(JSON.stringify({ file, settings, declared: countsOf(declared), warnings }, null, 2))
      // A table for programs; four columns are too wide for most terminals.
      if (out.isTTY) for (const setting of settings) printSetting(setting, out)
      else {
        const rows = settings.map(({ name, value, source, doc }) => [name, value ?? '–', source, doc])
        for (const line of tableLines(['SETTING', 'VALUE', 'SOURCE', 'MEANING'], rows, out)) out.print(line)
      }
      for (const warning of warnings) out.note(warning)
      if (file !== null) out.note(`${file} is used${declaredText(declared)}`)
    })
  taught(withSettingFlags(command), {
    examples: [
      ['what holds here, and why', 'causeway config'],
      ['what would hold with that file', 'causeway config --config /etc/causeway.yaml'],
    ],
  })
}

function printSetting({ name, value, source, doc }: DescribedSetting, out: Terminal): void {
  const where = source === 'environment' ? '' : out.dim(`  ${source}`)
  out.print(`${out.bold(name)}=${value ?? ''}${where}`)
  out.print(`    ${doc}`)
}

function countsOf(declared: DeclaredSource | null): Readonly<Record<string, number>> | null {
  if (declared === null) return null
  const { gateways, servers, tokens } = declared.declared.set
  return { gateways: gateways.length, servers: servers.length, tokens: tokens.length }
}

function declaredText(declared: DeclaredSource | null): string {
  const counts = Object.entries(countsOf(declared) ?? {}).filter(([, count]) => count > 0)
  return counts.length === 0 ? '' : `; it declares ${counts.map(([noun, count]) => `${count} ${noun}`).join(', ')}`
}

import { Option, type Command } from 'commander'
import type { Json } from './api.ts'
import type { Context } from './context.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { tableLines } from './table.ts'
import { plainText } from './terminal.ts'

const KINDS = ['gateways', 'servers', 'tools', 'prompts', 'resources', 'teams', 'users']

interface Options {
  readonly kind?: string
  readonly tag?: string
  readonly limit: string
  readonly all?: boolean
  readonly json?: boolean
}

export function searchCommand(program: Command, { api, out }: Context): void {
  const command = program
    .command('search')
    .description('find servers, tools, prompts, resources, teams and users by their names and what is said of them')
    .argument('<text...>', 'words, all of which have to be there')
    .addOption(new Option('--kind <kind>', 'only these').choices(KINDS))
    .option('--tag <tag>', 'only what bears this tag')
    .option('--limit <number>', 'so many of each kind, 100 at most', '8')
    .option('--all', 'also what is switched off')
    .option(...JSON_OPTION)
    .action(async (text: readonly string[], options: Options) => {
      const found = await (await api()).json('GET', `/v1/search?${queryOf(text, options).toString()}`)
      if (options.json === true) return out.print(JSON.stringify(found, null, 2))
      const items = found['items'] as readonly Json[]
      if (items.length === 0) return out.note('nothing that you may see fits')
      const rows = items.map(({ type, name, description, enabled }) =>
        [type, name, enabled === false ? `(switched off) ${plainText(description)}` : description].map(plainText),
      )
      for (const line of tableLines(['KIND', 'NAME', 'DESCRIPTION'], rows, out)) out.print(line)
    })
  taught(command, {
    examples: [
      ['whatever has to do with invoices', 'causeway search invoice'],
      ['tools that send mail', 'causeway search send mail --kind tools'],
    ],
    next: 'causeway show NAME tells more, causeway call TOOL calls a tool.',
  })
}

function queryOf(text: readonly string[], { kind, tag, limit, all }: Options): URLSearchParams {
  const query = new URLSearchParams({ q: text.join(' '), limit })
  if (kind !== undefined) query.set('entity_types', kind)
  if (tag !== undefined) query.set('tags', tag)
  if (all === true) query.set('include_inactive', 'true')
  return query
}

import type { Command } from 'commander'
import type { Json } from './api.ts'
import { accessSet } from './access-set.ts'
import { count } from './audit-filter.ts'
import type { Context } from './context.ts'
import { printEffects } from './dry-run.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { working } from './progress.ts'
import { plainText, type Terminal } from './terminal.ts'

export function accessCommands(program: Command, context: Context): void {
  const access = program.command('access').description('who may use what: what changed of it, and who sees a thing')
  diff(access, context)
  accessSet(access, context)
  taught(access, {
    examples: [
      ['who has gained and lost what since yesterday?', 'causeway access diff --since 1d'],
      ['who would lose what?', 'causeway access set gateway warehouse --visibility private --dry-run'],
    ],
    next: 'causeway why PERMISSION --user EMAIL says which rule decides.',
  })
}

interface DiffOptions {
  readonly since: string
  readonly kind: string
  readonly limit: number
  readonly offset: number
  readonly json?: boolean
}

function diff(access: Command, { api, out }: Context): void {
  const command = access
    .command('diff')
    .description('who has gained and who has lost which tool since a time')
    .requiredOption('--since <time>', 'such as 2h, 7d, 2026-01-31 or 2026-01-31T08:00:00Z')
    .option('--kind <kind>', 'tool, prompt or resource', 'tool')
    .option('-n, --limit <count>', 'at most so many, up to 1000', count, 100)
    .option('--offset <count>', 'leave out so many, the first', whole, 0)
    .option(...JSON_OPTION)
    .action(async ({ since, kind, limit, offset, json }: DiffOptions) => {
      const connection = await api()
      const query = new URLSearchParams({ since, kind, limit: String(limit), offset: String(offset) })
      const ask = (): Promise<Json> => connection.json('GET', `/v1/access/diff?${query.toString()}`)
      const said = await working(out, 'going back through the record of changes', ask)
      if (json === true) return out.print(JSON.stringify(said, null, 2))
      printEffects(out, said, `nobody has gained or lost a ${kind} since ${plainText(said['since'])}`)
      printEnd(out, said)
    })
  taught(command, {
    examples: [
      ['since yesterday', 'causeway access diff --since 1d'],
      ['since a day, the second hundred', 'causeway access diff --since 2026-01-31 --offset 100'],
      ['for a program', 'causeway access diff --since 2h --json'],
    ],
    next: 'causeway audit list --since TIME says who made the changes.',
  })
}

const whole = (text: string): number => (text === '0' ? 0 : count(text))

function printEnd(out: Terminal, said: Json): void {
  const next = said['next_offset']
  if (typeof next === 'number') out.note(`the next ones: --offset ${next}`)
  if (said['is_exact'] !== true) out.note('this is not exact: what is said above is not in the records')
}

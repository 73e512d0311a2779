import { Option, type Command } from 'commander'
import type { Json } from './api.ts'
import { count } from './audit-filter.ts'
import type { Context } from './context.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { tableLines } from './table.ts'
import { plainText } from './terminal.ts'

interface RefusalOptions {
  readonly kind?: string
  readonly limit: number
  readonly json?: boolean
}

export function refusalsCommand(audit: Command, { api, out }: Context): void {
  const command = audit
    .command('refusals')
    .description('who was not let in, or not let do something, newest first; what is alike is counted together')
    .addOption(new Option('--kind <name>', 'only these').choices(['unauthenticated', 'forbidden', 'sign_in_failed']))
    .option('-n, --limit <count>', 'at most so many', count, 50)
    .option(...JSON_OPTION)
    .action(async ({ kind, limit, json }: RefusalOptions) => {
      const query = new URLSearchParams({ limit: String(limit), ...(kind !== undefined && { kind }) })
      const found = (await (await api()).json('GET', `/v1/audit/refusals?${query.toString()}`))[
        'refusals'
      ] as readonly Json[]
      if (json === true) return out.print(JSON.stringify(found, null, 2))
      const rows = found.map((one) => [
        plainText(one['last_at']),
        plainText(one['times']),
        plainText(one['user_email'] ?? one['user_id'] ?? ''),
        plainText(one['network'] ?? 'several'),
        plainText(one['kind']),
        plainText(one['path'] ?? ''),
        plainText(one['why']),
      ])
      for (const line of tableLines(['AT', 'TIMES', 'WHO', 'FROM', 'WHAT', 'PATH', 'WHY'], rows, out)) out.print(line)
    })
  taught(command, {
    examples: [
      ['the last ones', 'causeway audit refusals'],
      ['who guesses passwords?', 'causeway audit refusals --kind sign_in_failed'],
    ],
  })
}

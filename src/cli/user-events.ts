import { Option, type Command } from 'commander'
import type { Json } from './api.ts'
import { count } from './audit-filter.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { tableLines } from './table.ts'
import { plainText } from './terminal.ts'

interface Options {
  readonly all?: boolean
  readonly limit: number
  readonly json?: boolean
}

/** Sign-ins of a user, and what became of its password. */
export function eventsCommand(user: Command, { api, out }: Context): void {
  const command = user
    .command('events')
    .description('sign-ins of a user, those that failed, and what became of its password, newest first')
    .argument('[email]', "the user; one's own unless given")
    .addOption(new Option('--all', "everybody's; for those who look after users"))
    .option('-n, --limit <count>', 'at most so many', count, 50)
    .option(...JSON_OPTION)
    .action(async (email: string | undefined, options: Options) => {
      const connection = await api()
      const { text } = await connection.request('GET', pathOf(email, options))
      const events = JSON.parse(text) as readonly Json[]
      if (options.json === true) return out.print(JSON.stringify(events, null, 2))
      if (events.length === 0) return out.note('nobody has signed in, or tried to, since records were kept')
      const rows = events.map((one) => [
        plainText(one['timestamp']),
        plainText(one['user_email'] ?? 'nobody'),
        plainText(one['ip_address'] ?? ''),
        plainText(one['event_type']).replaceAll('_', ' '),
        one['success'] === true ? 'done' : `${plainText(one['failure_reason'])}${timesOf(one)}`,
      ])
      for (const line of tableLines(['AT', 'WHO', 'FROM', 'WHAT', 'RESULT'], rows, out)) out.print(line)
    })
  taught(command, {
    examples: [
      ["one's own", 'causeway user events'],
      ["somebody's", 'causeway user events ann@example.com'],
      ["everybody's", 'causeway user events --all --limit 20'],
    ],
    next: 'causeway audit list shows every change, causeway audit refusals everything that was refused.',
    completes: { email: 'user' },
  })
}

function pathOf(email: string | undefined, { all, limit }: Options): string {
  if (all === true && email !== undefined) throw new CliError('--all is for everybody: name nobody beside it')
  const query = new URLSearchParams({ limit: String(limit), ...(email !== undefined && { user_email: email }) })
  const whose = all === true || email !== undefined ? 'admin/events' : 'events'
  return `/v1/auth/email/${whose}?${query.toString()}`
}

const timesOf = ({ times }: Json): string => (Number(times) > 1 ? ` (${plainText(times)} times)` : '')

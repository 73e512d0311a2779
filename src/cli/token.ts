import { InvalidArgumentError, type Command } from 'commander'
import type { Api, Json } from './api.ts'
import type { Context } from './context.ts'
import { DRY_RUN_OPTION, foresee } from './dry-run.ts'
import { findAmong, findServer, idOf } from './find.ts'
import { confirmed } from './keyboard.ts'
import { JSON_OPTION, taught, YES_OPTION } from './lesson.ts'
import { tableLines } from './table.ts'
import { plainText } from './terminal.ts'
import { collectLimit, hoursOf, type Limit } from './token-limits.ts'
import { limitWords, stateOf, tokenShowCommand } from './token-show.ts'

interface CreateOptions {
  readonly days?: number
  readonly permission?: readonly string[]
  readonly server?: string
  readonly description?: string
  readonly fromIp?: readonly string[]
  readonly hours?: object
  readonly limit?: readonly Limit[]
  readonly dryRun?: boolean
  readonly json?: boolean
}

export function tokenCommands(program: Command, context: Context): void {
  const token = program.command('token').description('API tokens')
  create(token, context)
  list(token, context)
  tokenShowCommand(token, context)
  revoke(token, context)
  taught(token, {
    examples: [
      ['one for a laptop, for 90 days', 'causeway token create laptop --days 90'],
      ['which there are', 'causeway token list'],
      ['end one', 'causeway token revoke laptop'],
    ],
  })
}

function create(token: Command, { api, out }: Context): void {
  const command = token
    .command('create')
    .description('make a token; it is shown once')
    .argument('<name>', 'what it is for')
    .option('--days <n>', 'how long it lives; for ever unless said', days)
    .option('--permission <name>', 'allow only this, such as tools.execute; may be repeated', collect)
    .option('--server <name>', 'only for this virtual server')
    .option('--from-ip <range>', 'only from this address or range, such as 10.0.0.0/8; may be repeated', collect)
    .option('--hours <when>', 'only then, such as "mon-fri 09:00-17:00 Europe/Berlin"; UTC unless said', hoursOf)
    .option('--limit <calls>', 'at most so many calls, such as 100/hour, /day or /month; may be repeated', collectLimit)
    .option('--description <text>', 'more about it')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, options: CreateOptions) => {
      const connection = await api()
      const server = options.server === undefined ? undefined : await findServer(connection, options.server)
      const body = createBody(name, { ...options, ...(server !== undefined && { server: plainText(server['id']) }) })
      const { dryRun, json } = options
      if (dryRun === true) return await foresee(connection, out, { method: 'POST', path: '/v1/tokens', body, json })
      const made = await connection.json('POST', '/v1/tokens', JSON.stringify(body))
      if (json === true) return out.print(JSON.stringify(made, null, 2))
      out.note('The token, shown this once:')
      out.print(plainText(made['access_token']))
    })
  taught(command, {
    examples: [
      ['for everything that you may do yourself', 'causeway token create laptop'],
      ['for calls alone, and not for ever', 'causeway token create bot --days 30 --permission tools.execute'],
      ['for one virtual server', 'causeway token create desk --server reporting'],
      ['what that would be good for', 'causeway token create desk --server reporting --dry-run'],
      [
        'for an office',
        'causeway token create office --from-ip 192.0.2.0/24 --hours "mon-fri 08:00-18:00 Europe/Berlin"',
      ],
      ['for a trial', 'causeway token create trial --days 14 --limit 100/hour --limit 1000/day'],
      ['into a variable', 'TOKEN=$(causeway token create curl)'],
    ],
    next: 'causeway connect gives a token to an MCP client; causeway token revoke ends one.',
    completes: { '--server': 'server' },
  })
}

const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value]

function createBody(name: string, options: CreateOptions): object {
  const { days: expires, permission = [], server, description, fromIp, hours, limit } = options
  const scope = {
    ...(permission.length > 0 && { permissions: permission }),
    ...(server !== undefined && { server_id: server }),
    ...(fromIp !== undefined && { ip_restrictions: fromIp }),
    ...(hours !== undefined && { time_restrictions: hours }),
    ...(limit !== undefined && { usage_limits: Object.fromEntries(limit) }),
  }
  return {
    name,
    ...(expires !== undefined && { expires_in_days: expires }),
    ...(Object.keys(scope).length > 0 && { scope }),
    ...(description !== undefined && { description }),
  }
}

function days(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('it must be a number of days, 1 or more.')
  return Number(text)
}

function list(token: Command, { api, out }: Context): void {
  const command = token
    .command('list')
    .description('the tokens there are')
    .option('--all', 'also revoked and expired ones')
    .option(...JSON_OPTION)
    .action(async (options: { readonly all?: boolean; readonly json?: boolean }) => {
      const tokens = await allTokens(await api(), options.all === true)
      if (options.json === true) return out.print(JSON.stringify(tokens, null, 2))
      const rows = tokens.map((one) => [
        plainText(one['id']),
        plainText(one['name']),
        plainText(one['created_at']),
        plainText(one['expires_at'] ?? 'never'),
        plainText(one['last_used'] ?? 'never'),
        limitWords(one).join('; '),
        stateOf(one),
      ])
      const head = ['ID', 'NAME', 'CREATED', 'EXPIRES', 'LAST USED', 'ONLY', 'STATE']
      for (const line of tableLines(head, rows, out)) out.print(line)
    })
  taught(command, {
    examples: [
      ['those that work', 'causeway token list'],
      ['also revoked and expired ones', 'causeway token list --all'],
    ],
    next: 'causeway token show NAME says what one is good for and what was done with it; causeway token revoke NAME ends it.',
  })
}

interface RevokeOptions {
  readonly yes?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

function revoke(token: Command, { api, out, keyboard }: Context): void {
  const command = token
    .command('revoke')
    .description('end a token for good, everywhere and at once')
    .argument('<name>', 'its name, its id, or a beginning of the id that only one has')
    .option(...YES_OPTION)
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, { yes, dryRun, json }: RevokeOptions) => {
      const connection = await api()
      const found = await findAmong(await allTokens(connection, false), 'token', name)
      const called = plainText(found['name'])
      const path = `/v1/tokens/${idOf(found)}`
      if (dryRun === true) return await foresee(connection, out, { method: 'DELETE', path, json })
      // To end a token can be urgent, and a script that does it must not fail for want of a word.
      if (keyboard.present) await confirmed(keyboard, `revoke the token ${called}`, yes)
      await connection.request('DELETE', path)
      out.print(json === true ? JSON.stringify({ id: found['id'], revoked: true }) : `revoked ${called}`)
    })
  taught(command, {
    examples: [
      ['by its name', 'causeway token revoke laptop'],
      ['without a question', 'causeway token revoke laptop --yes'],
      ['which tools that would end', 'causeway token revoke laptop --dry-run'],
    ],
    next: 'causeway token create NAME makes another.',
    completes: { name: 'token' },
  })
}

/** Tokens are paged by offset. */
export async function allTokens(api: Api, withInactive: boolean): Promise<readonly Json[]> {
  const tokens: Json[] = []
  for (;;) {
    const page = await api.json('GET', `/v1/tokens?limit=100&offset=${tokens.length}&include_inactive=${withInactive}`)
    const items = Array.isArray(page['tokens']) ? (page['tokens'] as readonly Json[]) : []
    tokens.push(...items)
    if (items.length === 0 || tokens.length >= Number(page['total'] ?? 0)) return tokens
  }
}

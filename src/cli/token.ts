import { InvalidArgumentError, type Command } from 'commander'
import type { Api, Json } from './api.ts'
import type { Context } from './context.ts'
import { DRY_RUN_OPTION, foresee } from './dry-run.ts'
import { findAmong, idOf } from './find.ts'
import { confirmed } from './keyboard.ts'
import { JSON_OPTION, taught, YES_OPTION } from './lesson.ts'
import { tableLines } from './table.ts'
import { teamId } from './team.ts'
import { plainText } from './terminal.ts'
import { scopeIn, scopeOptions, type ScopeOptions } from './token-scope.ts'
import { limitWords, stateOf, tokenShowCommand } from './token-show.ts'
import { tokenUpdateCommand } from './token-update.ts'

interface CreateOptions extends ScopeOptions {
  readonly days?: number
  readonly description?: string
  readonly team?: string
  readonly user?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

export function tokenCommands(program: Command, context: Context): void {
  const token = program.command('token').description('API tokens')
  create(token, context)
  list(token, context)
  tokenShowCommand(token, context)
  tokenUpdateCommand(token, context)
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
  const command = scopeOptions(
    token
      .command('create')
      .description('make a token; it is shown once')
      .argument('<name>', 'what it is for')
      .option('--days <n>', 'how long it lives; for ever unless said', days),
  )
    .option('--team <name>', 'only for what is for this team')
    .option('--user <email>', 'for somebody else, as an administrator')
    .option('--description <text>', 'more about it')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, options: CreateOptions) => {
      const connection = await api()
      const { days: expires, team, user, description } = options
      const scope = await scopeIn(connection, options)
      const body = {
        name,
        ...(expires !== undefined && { expires_in_days: expires }),
        ...(scope !== undefined && { scope }),
        ...(team !== undefined && { team_id: await teamId(connection, team) }),
        ...(user !== undefined && { user_email: user }),
        ...(description !== undefined && { description }),
      }
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
      ['for a team alone, for somebody else', 'causeway token create till --team payments --user ann@example.com'],
    ],
    next: 'causeway connect gives a token to an MCP client; causeway token revoke ends one.',
    completes: { '--server': 'server', '--team': 'team', '--user': 'user', '--permission': 'permission' },
  })
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
      const isMixed = new Set(tokens.map((one) => one['user_email'])).size > 1
      const rows = tokens.map((one) => [
        plainText(one['id']),
        plainText(one['name']),
        ...(isMixed ? [plainText(one['user_email'])] : []),
        plainText(one['created_at']),
        plainText(one['expires_at'] ?? 'never'),
        plainText(one['last_used'] ?? 'never'),
        limitWords(one).join('; '),
        stateOf(one),
      ])
      const head = ['ID', 'NAME', ...(isMixed ? ['OF'] : []), 'CREATED', 'EXPIRES', 'LAST USED', 'ONLY', 'STATE']
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

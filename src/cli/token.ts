import { InvalidArgumentError, type Command } from 'commander'
import type { Api, Json } from './api.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { idOf } from './find.ts'
import { tableLines } from './table.ts'
import { plainText } from './terminal.ts'

interface CreateOptions {
  readonly days?: number
  readonly permission?: readonly string[]
  readonly server?: string
  readonly description?: string
  readonly json?: boolean
}

export function tokenCommands(program: Command, context: Context): void {
  const token = program.command('token').description('API tokens')
  create(token, context)
  list(token, context)
  revoke(token, context)
}

function create(token: Command, { api, out }: Context): void {
  token
    .command('create')
    .description('make a token; it is shown once')
    .argument('<name>', 'what it is for')
    .option('--days <n>', 'how long it lives; for ever unless said', days)
    .option('--permission <name>', 'allow only this, such as tools.execute; may be repeated', collect)
    .option('--server <id>', 'only for this virtual server')
    .option('--description <text>', 'more about it')
    .option('--json', 'print the answer as JSON')
    .action(async (name: string, options: CreateOptions) => {
      const made = await (await api()).json('POST', '/v1/tokens', JSON.stringify(createBody(name, options)))
      if (options.json === true) return out.print(JSON.stringify(made, null, 2))
      out.note('The token, shown this once:')
      out.print(plainText(made['access_token']))
    })
}

const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value]

function createBody(name: string, { days: expires, permission = [], server, description }: CreateOptions): object {
  const scope = {
    ...(permission.length > 0 && { permissions: permission }),
    ...(server !== undefined && { server_id: server }),
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
  token
    .command('list')
    .description('the tokens there are')
    .option('--all', 'also revoked and expired ones')
    .option('--json', 'print the answer as JSON')
    .action(async (options: { readonly all?: boolean; readonly json?: boolean }) => {
      const tokens = await allTokens(await api(), options.all === true)
      if (options.json === true) return out.print(JSON.stringify(tokens, null, 2))
      const rows = tokens.map((one) => [
        plainText(one['id']),
        plainText(one['name']),
        plainText(one['created_at']),
        plainText(one['expires_at'] ?? 'never'),
        one['is_revoked'] === true ? 'revoked' : one['is_active'] === false ? 'inactive' : 'live',
      ])
      for (const line of tableLines(['ID', 'NAME', 'CREATED', 'EXPIRES', 'STATE'], rows, out)) out.print(line)
    })
}

function revoke(token: Command, { api, out }: Context): void {
  token
    .command('revoke')
    .description('end a token, everywhere and at once')
    .argument('<name>', 'its name or id')
    .option('--json', 'print the answer as JSON')
    .action(async (name: string, options: { readonly json?: boolean }) => {
      const connection = await api()
      const fitting = (await allTokens(connection, false)).filter((one) => one['id'] === name || one['name'] === name)
      const [found] = fitting
      if (found === undefined)
        throw new CliError(`there is no live token ${JSON.stringify(name)}: causeway token list --all`)
      if (fitting.length > 1)
        throw new CliError(`several tokens are called ${JSON.stringify(name)}: name one by its id`)
      await connection.request('DELETE', `/v1/tokens/${idOf(found)}`)
      out.print(
        options.json === true
          ? JSON.stringify({ id: found['id'], revoked: true })
          : `revoked ${plainText(found['name'])}`,
      )
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

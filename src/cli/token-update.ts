import type { Command } from 'commander'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { DRY_RUN_OPTION, foresee } from './dry-run.ts'
import { findAmong, idOf } from './find.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { plainText } from './terminal.ts'
import { allTokens } from './token.ts'
import { scopeIn, scopeOptions, type ScopeOptions } from './token-scope.ts'
import { limitWords } from './token-show.ts'

interface Options extends ScopeOptions {
  readonly rename?: string
  readonly description?: string
  readonly enable?: boolean
  readonly disable?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

export function tokenUpdateCommand(token: Command, { api, out }: Context): void {
  const command = scopeOptions(
    token
      .command('update')
      .description('rename a token, narrow it, or switch it off and on; it is never widened')
      .argument('<name>', 'its name, its id, or a beginning of the id that only one has')
      .option('--rename <name>', 'another name')
      .option('--description <text>', 'more about it')
      .option('--disable', 'good for nothing, until it is switched on again')
      .option('--enable', 'good again for what it was'),
  )
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, options: Options) => {
      const connection = await api()
      const body = changeOf(options, await scopeIn(connection, options))
      // Of several with one name at most one is not revoked, and only that can be changed.
      const live = (await allTokens(connection, true)).filter((one) => one['revoked_at'] === null)
      const found = await findAmong(live, 'token', name)
      const path = `/v1/tokens/${idOf(found)}`
      const { dryRun, json } = options
      if (dryRun === true) return await foresee(connection, out, { method: 'PUT', path, body, json })
      const made = await connection.change(path, body, found['version'])
      if (json === true) return out.print(JSON.stringify(made, null, 2))
      const state = made['is_active'] === true ? 'live' : 'switched off'
      out.print(
        `${[plainText(made['name']), 'is', state].join(' ')}${limitWords(made)
          .map((one) => `, ${one}`)
          .join('')}`,
      )
    })
  taught(command, {
    examples: [
      ['another name', 'causeway token update laptop --rename "old laptop"'],
      ['for calls alone from now on', 'causeway token update bot --permission tools.execute'],
      ['fewer of them, and what that would end', 'causeway token update bot --server reporting --dry-run'],
      ['out of use for a while', 'causeway token update bot --disable'],
    ],
    next: 'causeway token show NAME says what it is good for now; causeway token revoke NAME ends it for good.',
    completes: { name: 'token', '--server': 'server', '--permission': 'permission' },
  })
}

function changeOf({ rename, description, enable, disable }: Options, scope: object | undefined): object {
  if (enable === true && disable === true)
    throw new CliError('--enable and --disable are opposites: say one of them', { code: 'invalid_option' })
  const active = enable === true ? true : disable === true ? false : undefined
  const body = {
    ...(rename !== undefined && { name: rename }),
    ...(description !== undefined && { description }),
    ...(active !== undefined && { is_active: active }),
    ...(scope !== undefined && { scope }),
  }
  if (Object.keys(body).length > 0) return body
  throw new CliError('say what is to be different: causeway token update --help shows how', { code: 'nothing_to_do' })
}

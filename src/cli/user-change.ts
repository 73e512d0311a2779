import type { Command } from 'commander'
import type { Api, Json } from './api.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { DRY_RUN_OPTION, foresee } from './dry-run.ts'
import { confirmed } from './keyboard.ts'
import { JSON_OPTION, taught, YES_OPTION } from './lesson.ts'
import { printMessage } from './message.ts'
import { tableLines } from './table.ts'
import { plainText } from './terminal.ts'
import { allOf, userPath } from './user.ts'

interface Options {
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

/** One user: what is known of it, what it holds, its changes and its end. */
export function userChangeCommands(user: Command, context: Context): void {
  show(user, context)
  roles(user, context)
  update(user, context)
  unlock(user, context)
  remove(user, context)
}

function show(user: Command, { api, out }: Context): void {
  const command = user
    .command('show')
    .description('one user: whether it may come in, and how it does')
    .argument('<email>', 'the e-mail address')
    .option(...JSON_OPTION)
    .action(async (email: string, { json }: Options) => {
      const found = await (await api()).json('GET', userPath(email))
      if (json === true) return out.print(JSON.stringify(found, null, 2))
      out.print(out.bold(plainText(found['email'])))
      for (const [title, words] of linesOf(found)) if (words !== '') out.print(`  ${title.padEnd(16)}${words}`)
    })
  taught(command, {
    examples: [
      ['by its address', 'causeway user show ann@example.com'],
      ['for a program', 'causeway user show ann@example.com --json'],
    ],
    next: 'causeway user roles EMAIL shows what it holds.',
    completes: { email: 'user' },
  })
}

function linesOf(user: Json): readonly (readonly [string, string])[] {
  const failed = Number(user['failed_login_attempts'] ?? 0)
  return [
    ['name', plainText(user['full_name'] ?? '')],
    ['kind', user['is_admin'] === true ? 'administrator' : plainText(user['kind'])],
    ['state', user['is_active'] === true ? 'enabled' : 'disabled'],
    ['signs in by', plainText(user['auth_provider'])],
    ['last sign-in', plainText(user['last_login'] ?? 'never')],
    ['failed sign-ins', failed === 0 ? '' : String(failed)],
    ['locked until', plainText(user['locked_until'] ?? '')],
    ['password', user['password_change_required'] === true ? 'to be changed at the next sign-in' : ''],
    ['since', plainText(user['created_at'])],
    ['id', plainText(user['id'])],
  ]
}

function roles(user: Command, { api, out }: Context): void {
  const command = user
    .command('roles')
    .description('the roles that a user holds, and where; memberships aside')
    .argument('<email>', 'the e-mail address')
    .option(...JSON_OPTION)
    .action(async (email: string, { json }: Options) => {
      const connection = await api()
      const { text } = await connection.request('GET', `/v1/rbac/users/${encodeURIComponent(email)}/roles`)
      const held = JSON.parse(text) as readonly Json[]
      if (json === true) return out.print(JSON.stringify(held, null, 2))
      const teams = held.some(({ scope }) => scope === 'team') ? await teamNames(connection) : new Map<string, string>()
      const rows = held.map((one) => [
        plainText(one['role_name']),
        one['scope'] === 'team'
          ? `team ${teams.get(plainText(one['scope_id'])) ?? plainText(one['scope_id'])}`
          : 'platform',
        one['is_active'] === false ? 'over' : plainText(one['expires_at'] ?? 'for good'),
        plainText(one['granted_by'] ?? ''),
      ])
      for (const line of tableLines(['ROLE', 'HELD IN', 'UNTIL', 'GIVEN BY'], rows, out)) out.print(line)
    })
  taught(command, {
    examples: [
      ['by its address', 'causeway user roles ann@example.com'],
      ['for a program', 'causeway user roles ann@example.com --json'],
    ],
    next: 'causeway role give and causeway role take change them; causeway why PERMISSION --user EMAIL says what they amount to.',
    completes: { email: 'user' },
  })
}

async function teamNames(connection: Api): Promise<ReadonlyMap<string, string>> {
  const teams = await allOf(connection, '/v1/teams', 'teams')
  return new Map(teams.map(({ id, name }) => [plainText(id), plainText(name)]))
}

interface UpdateOptions extends Options {
  readonly name?: string
  readonly admin?: boolean
}

function update(user: Command, { api, out }: Context): void {
  const command = user
    .command('update')
    .description('change what a user is called, or whether it is an administrator')
    .argument('<email>', 'the e-mail address')
    .option('--name <text>', 'what it is called')
    .option('--admin', 'may do everything')
    .option('--no-admin', 'an administrator no longer')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (email: string, { name, admin, dryRun, json }: UpdateOptions) => {
      if (name === undefined && admin === undefined)
        throw new CliError('say what is to be different: --name, --admin or --no-admin', { code: 'nothing_to_do' })
      const connection = await api()
      const path = userPath(email)
      const body = { ...(name !== undefined && { full_name: name }), ...(admin !== undefined && { is_admin: admin }) }
      if (dryRun === true) return await foresee(connection, out, { method: 'PATCH', path, body, json })
      const made = await connection.json('PATCH', path, JSON.stringify(body))
      if (json === true) return out.print(JSON.stringify(made, null, 2))
      const kind = made['is_admin'] === true ? 'an administrator' : `a ${plainText(made['kind'])}`
      const called = plainText(made['full_name'] ?? '')
      out.print(`${plainText(made['email'])}${called === '' ? '' : ` (${called})`} is ${kind}`)
    })
  taught(command, {
    examples: [
      ['another name', 'causeway user update ann@example.com --name "Ann Lee"'],
      ['somebody who may do everything', 'causeway user update ann@example.com --admin'],
      ['no longer, and what that would take', 'causeway user update ann@example.com --no-admin --dry-run'],
    ],
    next: 'causeway user disable EMAIL keeps one out; causeway user password EMAIL lets one choose a password.',
    completes: { email: 'user' },
  })
}

function unlock(user: Command, { api, out }: Context): void {
  const command = user
    .command('unlock')
    .description('let somebody sign in again at once, after too many wrong passwords')
    .argument('<email>', 'the e-mail address')
    .option(...JSON_OPTION)
    .action(async (email: string, { json }: Options) => {
      const said = await (await api()).json('POST', `${userPath(email)}/unlock`)
      printMessage(out, said, json)
    })
  taught(command, {
    examples: [
      ['by its address', 'causeway user unlock ann@example.com'],
      ['for a program', 'causeway user unlock ann@example.com --json'],
    ],
    next: 'causeway user password EMAIL makes a code for somebody who has forgotten the password.',
    completes: { email: 'user' },
  })
}

function remove(user: Command, { api, out, keyboard }: Context): void {
  const command = user
    .command('delete')
    .description('end a user with its tokens, memberships and roles; what it owns elsewhere stays')
    .argument('<email>', 'the e-mail address')
    .option(...YES_OPTION)
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (email: string, { yes, dryRun, json }: Options) => {
      const connection = await api()
      const path = userPath(email)
      if (dryRun === true) return await foresee(connection, out, { method: 'DELETE', path, json })
      await confirmed(keyboard, `delete ${plainText(email)} with its tokens, memberships and roles`, yes)
      const said = await connection.json('DELETE', path)
      printMessage(out, said, json)
    })
  taught(command, {
    examples: [
      ['after asking', 'causeway user delete ann@example.com'],
      ['in a script', 'causeway user delete ann@example.com --yes'],
      ['what would end with it', 'causeway user delete ann@example.com --dry-run'],
    ],
    next: 'causeway user disable EMAIL keeps a user out, and can be undone.',
    completes: { email: 'user' },
  })
}

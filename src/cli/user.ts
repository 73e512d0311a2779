import type { Command } from 'commander'
import type { Api, Json } from './api.ts'
import type { Context } from './context.ts'
import { DRY_RUN_OPTION, foresee } from './dry-run.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { tableLines } from './table.ts'
import { plainText } from './terminal.ts'
import { eventsCommand } from './user-events.ts'
import { identityCommands } from './user-identities.ts'
import { userChangeCommands } from './user-change.ts'
import { passwordCommand } from './user-password.ts'

const USERS = '/v1/auth/email/admin/users'
export const userPath = (email: string): string => `${USERS}/${encodeURIComponent(email)}`

export function userCommands(program: Command, context: Context): void {
  const user = program.command('user').description('people and service accounts')
  add(user, context)
  list(user, context)
  change(user, context, { name: 'disable', about: 'keep a user out, everywhere and at once', active: false })
  change(user, context, { name: 'enable', about: 'let a user in again', active: true })
  passwordCommand(user, context)
  identityCommands(user, context)
  eventsCommand(user, context)
  userChangeCommands(user, context)
  taught(user, {
    examples: [
      ['somebody new, with a token', 'causeway user add ann@example.com'],
      ['who there is', 'causeway user list'],
      ['keep one out', 'causeway user disable ann@example.com'],
      ['let one choose a password', 'causeway user password ann@example.com'],
      ['let one in again after too many wrong ones', 'causeway user unlock ann@example.com'],
      ['what one holds', 'causeway user roles ann@example.com'],
      ['when one signed in', 'causeway user events ann@example.com'],
    ],
  })
}

interface AddOptions {
  readonly name?: string
  readonly service?: boolean
  readonly admin?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

function add(user: Command, { api, out }: Context): void {
  const command = user
    .command('add')
    .description('make a user and its first token, which is shown once')
    .argument('<email>', 'the e-mail address')
    .option('--name <text>', 'what it is called')
    .option('--service', 'a program rather than a person')
    .option('--admin', 'may do everything')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (email: string, { name, service, admin, dryRun, json }: AddOptions) => {
      const connection = await api()
      const kind = service === true ? 'service' : 'person'
      const body = { email, full_name: name ?? null, kind, is_admin: admin === true }
      if (dryRun === true) return await foresee(connection, out, { method: 'POST', path: USERS, body, json })
      const made = await connection.json('POST', USERS, JSON.stringify(body))
      const token = await connection.json('POST', '/v1/tokens', JSON.stringify({ name: 'first', user_email: email }))
      if (json === true) return out.print(JSON.stringify({ user: made, ...token }, null, 2))
      out.note(`${plainText(made['email'])} may come in with this token, shown this once:`)
      out.print(plainText(token['access_token']))
    })
  taught(command, {
    examples: [
      ['a person', 'causeway user add ann@example.com --name "Ann Lee"'],
      ['a program', 'causeway user add robot@example.com --service'],
      ['somebody who may do everything', 'causeway user add boss@example.com --admin'],
    ],
    next: 'causeway team add-member TEAM EMAIL lets it use what is for a team.',
  })
}

function list(user: Command, { api, out }: Context): void {
  const command = user
    .command('list')
    .description('who there is')
    .option(...JSON_OPTION)
    .action(async ({ json }: { readonly json?: boolean }) => {
      const users = await allOf(await api(), USERS, 'users')
      if (json === true) return out.print(JSON.stringify(users, null, 2))
      const rows = users.map((one) => [
        plainText(one['email']),
        plainText(one['full_name']),
        one['is_admin'] === true ? 'administrator' : plainText(one['kind']),
        one['is_active'] === true ? 'enabled' : 'disabled',
      ])
      for (const line of tableLines(['EMAIL', 'NAME', 'KIND', 'STATE'], rows, out)) out.print(line)
    })
  taught(command, {
    examples: [
      ['all of them', 'causeway user list'],
      ['for a program', 'causeway user list --json'],
    ],
  })
}

interface Change {
  readonly name: 'disable' | 'enable'
  readonly about: string
  readonly active: boolean
}

function change(user: Command, { api, out }: Context, { name, about, active }: Change): void {
  const command = user
    .command(name)
    .description(about)
    .argument('<email>', 'the e-mail address')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (email: string, { dryRun, json }: { readonly dryRun?: boolean; readonly json?: boolean }) => {
      const connection = await api()
      const [path, body] = [userPath(email), { is_active: active }]
      if (dryRun === true) return await foresee(connection, out, { method: 'PATCH', path, body, json })
      const made = await connection.json('PATCH', path, JSON.stringify(body))
      if (json === true) return out.print(JSON.stringify(made, null, 2))
      out.print(`${plainText(made['email'])} is ${name}d`)
    })
  taught(command, {
    examples: [
      [about, `causeway user ${name} ann@example.com`],
      ['a program', `causeway user ${name} robot@example.com`],
    ],
    completes: { email: 'user' },
  })
}

export async function allOf(connection: Api, path: string, member: string): Promise<readonly Json[]> {
  const all: Json[] = []
  for await (const page of connection.pages(path, member)) all.push(...page)
  return all
}

import type { Command } from 'commander'
import type { Json } from './api.ts'
import type { Context } from './context.ts'
import { DRY_RUN_OPTION, foresee } from './dry-run.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { printMessage } from './message.ts'
import { roleChangeCommands } from './role-change.ts'
import { tableLines } from './table.ts'
import { teamId } from './team.ts'
import { plainText } from './terminal.ts'

interface Options {
  readonly team?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

export function roleCommands(program: Command, context: Context): void {
  const role = program.command('role').description('what users may do, and where')
  list(role, context)
  give(role, context)
  take(role, context)
  roleChangeCommands(role, context)
  taught(role, {
    examples: [
      ['which there are', 'causeway role list'],
      ['let a member change what is for a team', 'causeway role give ann@example.com developer --team payments'],
      ['no longer', 'causeway role take ann@example.com developer --team payments'],
      ['one of your own', 'causeway role create tester --held-in team --permission tools.read'],
    ],
  })
}

function list(role: Command, { api, out }: Context): void {
  const command = role
    .command('list')
    .description('the roles there are, with what they permit')
    .option(...JSON_OPTION)
    .action(async ({ json }: Options) => {
      const { text } = await (await api()).request('GET', '/v1/rbac/roles')
      if (json === true) return out.print(JSON.stringify(JSON.parse(text), null, 2))
      const rows = (JSON.parse(text) as readonly Json[]).map((one) => [
        plainText(one['name']),
        one['scope'] === 'global' ? 'platform' : 'team',
        plainText((one['effective_permissions'] as readonly string[]).join(' ')),
      ])
      for (const line of tableLines(['ROLE', 'HELD IN', 'PERMITS'], rows, out)) out.print(line)
    })
  taught(command, {
    examples: [
      ['all of them', 'causeway role list'],
      ['for a program', 'causeway role list --json'],
    ],
  })
}

function give(role: Command, { api, out }: Context): void {
  const command = role
    .command('give')
    .description('give a user a role, in the platform or in a team')
    .argument('<email>', 'of the user')
    .argument('<role>', 'its name or id')
    .option('--team <name>', 'in this team; in the platform unless said')
    .option('--until <time>', 'when it ends, such as 2030-01-31T00:00:00Z')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (email: string, name: string, options: Options & { readonly until?: string }) => {
      const connection = await api()
      const team = options.team === undefined ? null : await teamId(connection, options.team)
      const scope = { scope: team === null ? 'global' : 'team', scope_id: team, expires_at: options.until ?? null }
      const path = `/v1/rbac/users/${encodeURIComponent(email)}/roles`
      const body = { role_id: name, ...scope }
      const { dryRun, json } = options
      if (dryRun === true) return await foresee(connection, out, { method: 'POST', path, body, json })
      const made = await connection.json('POST', path, JSON.stringify(body))
      if (json === true) return out.print(JSON.stringify(made, null, 2))
      out.print(`${plainText(made['user_email'])} holds ${plainText(made['role_name'])}`)
    })
  taught(command, {
    examples: [
      ['in a team', 'causeway role give ann@example.com developer --team payments'],
      ['everything, for a while', 'causeway role give ann@example.com platform_admin --until 2030-01-31T00:00:00Z'],
    ],
    next: 'causeway why PERMISSION --user EMAIL says what that changed.',
    completes: { email: 'user', role: 'role', '--team': 'team' },
  })
}

function take(role: Command, { api, out }: Context): void {
  const command = role
    .command('take')
    .description('take a role from a user, everywhere and at once')
    .argument('<email>', 'of the user')
    .argument('<role>', 'its name or id')
    .option('--team <name>', 'in this team; in the platform unless said')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (email: string, name: string, options: Options) => {
      const connection = await api()
      const team = options.team === undefined ? null : await teamId(connection, options.team)
      const scope = team === null ? 'scope=global' : `scope=team&scope_id=${team}`
      const path = `/v1/rbac/users/${encodeURIComponent(email)}/roles/${encodeURIComponent(name)}?${scope}`
      const { dryRun, json } = options
      if (dryRun === true) return await foresee(connection, out, { method: 'DELETE', path, json })
      const said = await connection.json('DELETE', path)
      printMessage(out, said, json)
    })
  taught(command, {
    examples: [
      ['in a team', 'causeway role take ann@example.com developer --team payments'],
      ['in the platform', 'causeway role take ann@example.com platform_admin'],
      ['what that would do', 'causeway role take ann@example.com platform_admin --dry-run'],
    ],
    next: 'causeway user roles EMAIL shows what is left.',
    completes: { email: 'user', role: 'role', '--team': 'team' },
  })
}

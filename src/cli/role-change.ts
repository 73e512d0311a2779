import { Option, type Command } from 'commander'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { DRY_RUN_OPTION, foresee } from './dry-run.ts'
import { confirmed } from './keyboard.ts'
import { JSON_OPTION, taught, YES_OPTION } from './lesson.ts'
import { printMessage } from './message.ts'
import { permissionsIn } from './permission-names.ts'
import { repeated } from './repeated.ts'
import { plainText } from './terminal.ts'

const ROLES = '/v1/rbac/roles'
const rolePath = (name: string): string => `${ROLES}/${encodeURIComponent(name)}`

interface Options {
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

/** Roles of one's own, made of the closed list of permissions. */
export function roleChangeCommands(role: Command, context: Context): void {
  show(role, context)
  create(role, context)
  update(role, context)
  remove(role, context)
}

function show(role: Command, { api, out }: Context): void {
  const command = role
    .command('show')
    .description('one role: where it is held and what it permits')
    .argument('<role>', 'its name or id')
    .option(...JSON_OPTION)
    .action(async (name: string, { json }: Options) => {
      const found = await (await api()).json('GET', rolePath(name))
      if (json === true) return out.print(JSON.stringify(found, null, 2))
      const permits = found['effective_permissions'] as readonly string[]
      const lines: readonly (readonly [string, string])[] = [
        ['id', plainText(found['id'])],
        ['about', plainText(found['description'] ?? '')],
        ['held in', found['scope'] === 'global' ? 'the platform' : 'a team'],
        ['made by', found['is_system_role'] === true ? 'built in' : plainText(found['created_by'] ?? '')],
        ['changed', plainText(found['updated_at'])],
        ...permits.map((one, n): readonly [string, string] => [n === 0 ? 'permits' : '', plainText(one)]),
      ]
      out.print(out.bold(plainText(found['name'])))
      for (const [title, words] of lines) if (words !== '') out.print(`  ${title.padEnd(12)}${words}`)
    })
  taught(command, {
    examples: [
      ['a built-in one', 'causeway role show developer'],
      ['for a program', 'causeway role show developer --json'],
    ],
    next: 'causeway role give EMAIL ROLE lets a user hold it.',
    completes: { role: 'role' },
  })
}

interface CreateOptions extends Options {
  readonly heldIn: 'team' | 'platform'
  readonly permission?: readonly string[]
  readonly description?: string
}

function create(role: Command, { api, out }: Context): void {
  const command = role
    .command('create')
    .description('make a role of permissions that you hold yourself')
    .argument('<name>', 'what it is called')
    .addOption(
      new Option('--held-in <where>', 'where users hold it: in a team, for what is for the team, or in the platform')
        .choices(['team', 'platform'])
        .makeOptionMandatory(),
    )
    .option(
      '--permission <name>',
      'it permits this, such as tools.read, or tools.* for all of a kind; may be repeated',
      repeated,
    )
    .option('--description <text>', 'more about it')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, { heldIn, permission, description, dryRun, json }: CreateOptions) => {
      if (permission === undefined)
        throw new CliError('say what it permits: --permission tools.read, as often as there is something', {
          code: 'nothing_to_do',
        })
      const connection = await api()
      const permissions = await permissionsIn(connection, permission)
      const scope = heldIn === 'team' ? 'team' : 'global'
      const body = { name, scope, permissions, ...(description !== undefined && { description }) }
      if (dryRun === true) return await foresee(connection, out, { method: 'POST', path: ROLES, body, json })
      const made = await connection.json('POST', ROLES, JSON.stringify(body))
      if (json === true) return out.print(JSON.stringify(made, null, 2))
      out.print(`role ${plainText(made['name'])} is there: it permits ${permissions.join(', ')}`)
    })
  taught(command, {
    examples: [
      [
        'who tries tools out in a team',
        'causeway role create tester --held-in team --permission tools.read --permission tools.execute',
      ],
      [
        'who reads the record of changes',
        'causeway role create auditor --held-in platform --permission admin.security_audit',
      ],
      ['everything about gateways', 'causeway role create keeper --held-in team --permission "gateways.*"'],
    ],
    next: 'causeway role give EMAIL ROLE lets a user hold it.',
    completes: { '--permission': 'permission' },
  })
}

interface UpdateOptions extends Options {
  readonly name?: string
  readonly description?: string
  readonly permission?: readonly string[]
  readonly add?: readonly string[]
  readonly remove?: readonly string[]
}

function update(role: Command, { api, out }: Context): void {
  const command = role
    .command('update')
    .description('change a role of your own, for everybody who holds it')
    .argument('<role>', 'its name or id')
    .option('--name <text>', 'another name')
    .option('--description <text>', 'more about it')
    .option('--permission <name>', 'it permits exactly these, such as tools.read; may be repeated', repeated)
    .option('--add <name>', 'it permits this, too; may be repeated', repeated)
    .option('--remove <name>', 'it permits this no longer; may be repeated', repeated)
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(
      async (named: string, { name, description, permission, add, remove: less, dryRun, json }: UpdateOptions) => {
        if ([name, description, permission, add, less].every((one) => one === undefined))
          throw new CliError('say what is to be different: --name, --description, --permission, --add or --remove', {
            code: 'nothing_to_do',
          })
        const connection = await api()
        const before = await connection.json('GET', rolePath(named))
        const known = (names: readonly string[] = []) => permissionsIn(connection, names)
        const base = permission === undefined ? (before['permissions'] as readonly string[]) : await known(permission)
        const without = new Set(await known(less))
        const permissions = [...new Set([...base, ...(await known(add))])].filter((one) => !without.has(one))
        const body = {
          ...(name !== undefined && { name }),
          ...(description !== undefined && { description }),
          ...((permission ?? add ?? less) !== undefined && { permissions }),
        }
        const path = rolePath(plainText(before['id']))
        if (dryRun === true) return await foresee(connection, out, { method: 'PUT', path, body, json })
        const made = await connection.change(path, body, before['version'])
        if (json === true) return out.print(JSON.stringify(made, null, 2))
        const permits = (made['effective_permissions'] as readonly string[]).map(plainText).join(', ')
        out.print(`${plainText(made['name'])} permits ${permits === '' ? 'nothing' : permits}`)
      },
    )
  taught(command, {
    examples: [
      ['one more', 'causeway role update tester --add prompts.read'],
      ['one less, and what that would take', 'causeway role update tester --remove tools.execute --dry-run'],
      ['exactly these', 'causeway role update tester --permission tools.read --permission prompts.read'],
    ],
    next: 'causeway access diff --since 1h says who gained and who lost what by it.',
    completes: { role: 'role', '--permission': 'permission', '--add': 'permission', '--remove': 'permission' },
  })
}

function remove(role: Command, { api, out, keyboard }: Context): void {
  const command = role
    .command('delete')
    .description('end a role of your own; who held it holds it no longer')
    .argument('<role>', 'its name or id')
    .option(...YES_OPTION)
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, { yes, dryRun, json }: Options) => {
      const connection = await api()
      const path = rolePath(name)
      if (dryRun === true) return await foresee(connection, out, { method: 'DELETE', path, json })
      await confirmed(keyboard, `delete the role ${plainText(name)} and take it from everybody who holds it`, yes)
      const said = await connection.json('DELETE', path)
      printMessage(out, said, json)
    })
  taught(command, {
    examples: [
      ['after asking', 'causeway role delete tester'],
      ['in a script', 'causeway role delete tester --yes'],
      ['who would lose what', 'causeway role delete tester --dry-run'],
    ],
    completes: { role: 'role' },
  })
}

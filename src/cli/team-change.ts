import { InvalidArgumentError, type Command } from 'commander'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { DRY_RUN_OPTION, foresee } from './dry-run.ts'
import { confirmed } from './keyboard.ts'
import { JSON_OPTION, taught, YES_OPTION } from './lesson.ts'
import { teamId } from './team.ts'
import { plainText } from './terminal.ts'

interface Options {
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

/** One team: what is known of it, its changes and its end. */
export function teamChangeCommands(team: Command, context: Context): void {
  show(team, context)
  update(team, context)
  remove(team, context)
}

function show(team: Command, { api, out }: Context): void {
  const command = team
    .command('show')
    .description('one team: who finds it, and how many may be in it')
    .argument('<team>', 'its name or id')
    .option(...JSON_OPTION)
    .action(async (name: string, { json }: Options) => {
      const connection = await api()
      const found = await connection.json('GET', `/v1/teams/${await teamId(connection, name)}`)
      if (json === true) return out.print(JSON.stringify(found, null, 2))
      const most = found['max_members'] === null ? '' : ` of at most ${plainText(found['max_members'])}`
      const lines: readonly (readonly [string, string])[] = [
        ['id', plainText(found['id'])],
        ['about', plainText(found['description'] ?? '')],
        ['kind', found['is_personal'] === true ? 'personal' : plainText(found['visibility'])],
        ['members', `${plainText(found['member_count'])}${most}`],
        ['made by', plainText(found['created_by'] ?? '')],
        ['since', plainText(found['created_at'])],
      ]
      out.print(out.bold(plainText(found['name'])))
      for (const [title, words] of lines) if (words !== '') out.print(`  ${title.padEnd(12)}${words}`)
    })
  taught(command, {
    examples: [
      ['by its name', 'causeway team show payments'],
      ['for a program', 'causeway team show payments --json'],
    ],
    next: 'causeway team members TEAM shows who is in it.',
    completes: { team: 'team' },
  })
}

interface UpdateOptions extends Options {
  readonly name?: string
  readonly description?: string
  readonly public?: boolean
  readonly private?: boolean
  readonly maxMembers?: number | null
}

function update(team: Command, { api, out }: Context): void {
  const command = team
    .command('update')
    .description('change what a team is called, who finds it and how many may be in it')
    .argument('<team>', 'its name or id')
    .option('--name <text>', 'another name')
    .option('--description <text>', 'more about it')
    .option('--public', 'others find it and may ask to join')
    .option('--private', 'others do not find it')
    .option('--max-members <n>', "so many may be in it; none: as many as the gateway's own limit", most)
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (named: string, options: UpdateOptions) => {
      const body = changeOf(options)
      const connection = await api()
      const path = `/v1/teams/${await teamId(connection, named)}`
      if (options.dryRun === true)
        return await foresee(connection, out, { method: 'PUT', path, body, json: options.json })
      const made = await connection.json('PUT', path, JSON.stringify(body))
      if (options.json === true) return out.print(JSON.stringify(made, null, 2))
      out.print(`team ${plainText(made['name'])} is changed`)
    })
  taught(command, {
    examples: [
      ['another name', 'causeway team update payments --name "Payments and refunds"'],
      ['one that others find', 'causeway team update reading-circle --public'],
      ['not too many', 'causeway team update reading-circle --max-members 12'],
    ],
    next: 'causeway team show TEAM shows how it is now.',
    completes: { team: 'team' },
  })
}

function changeOf({ name, description, maxMembers, ...shown }: UpdateOptions): object {
  if (shown.public === true && shown.private === true)
    throw new CliError('--public and --private are opposites: say one of them', { code: 'invalid_option' })
  const visibility = shown.public === true ? 'public' : shown.private === true ? 'private' : undefined
  const body = {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(visibility !== undefined && { visibility }),
    ...(maxMembers !== undefined && { max_members: maxMembers }),
  }
  if (Object.keys(body).length > 0) return body
  const options = '--name, --description, --public, --private or --max-members'
  throw new CliError(`say what is to be different: ${options}`, { code: 'nothing_to_do' })
}

function most(text: string): number | null {
  if (text === 'none') return null
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('it must be a number of people, 1 or more, or none.')
  return Number(text)
}

function remove(team: Command, { api, out, keyboard }: Context): void {
  const command = team
    .command('delete')
    .description('end a team with its roles and tokens; refused while there are things of the team')
    .argument('<team>', 'its name or id')
    .option(...YES_OPTION)
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, { yes, dryRun, json }: Options) => {
      const connection = await api()
      const path = `/v1/teams/${await teamId(connection, name)}`
      if (dryRun === true) return await foresee(connection, out, { method: 'DELETE', path, json })
      await confirmed(keyboard, `delete the team ${plainText(name)} with its roles and tokens`, yes)
      const said = await connection.json('DELETE', path)
      out.print(json === true ? JSON.stringify(said, null, 2) : `team ${plainText(name)} is gone`)
    })
  taught(command, {
    examples: [
      ['after asking', 'causeway team delete payments'],
      ['in a script', 'causeway team delete payments --yes'],
      ['what that would take', 'causeway team delete payments --dry-run'],
    ],
    next: 'causeway access set KIND NAME --team OTHER moves what still belongs to it.',
    completes: { team: 'team' },
  })
}

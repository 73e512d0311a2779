import type { Command } from 'commander'
import type { Api } from './api.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { DRY_RUN_OPTION, dryPath, showEffects } from './dry-run.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { tableLines } from './table.ts'
import { teamEntryCommands } from './team-entry.ts'
import { plainText } from './terminal.ts'
import { allOf } from './user.ts'

interface JsonOption {
  readonly json?: boolean
}

interface DryOption extends JsonOption {
  readonly dryRun?: boolean
}

export function teamCommands(program: Command, context: Context): void {
  const team = program.command('team').description('people who share servers and tools')
  add(team, context)
  list(team, context)
  addMember(team, context)
  removeMember(team, context)
  teamEntryCommands(team, context)
  taught(team, {
    examples: [
      ['a new one', 'causeway team add payments'],
      ['let a user in', 'causeway team add-member payments ann@example.com'],
      ['somebody who decides for themselves', 'causeway team invite payments ann@example.com'],
      ['who asks to join', 'causeway team requests payments'],
      ['which you are in', 'causeway team list'],
    ],
  })
}

function add(team: Command, { api, out }: Context): void {
  const command = team
    .command('add')
    .description('make a team; who makes it owns it')
    .argument('<name>', 'what it is called')
    .option('--public', 'others find it and may ask to join')
    .option(...JSON_OPTION)
    .action(async (name: string, options: JsonOption & { readonly public?: boolean }) => {
      const body = { name, visibility: options.public === true ? 'public' : 'private' }
      const made = await (await api()).json('POST', '/v1/teams', JSON.stringify(body))
      if (options.json === true) return out.print(JSON.stringify(made, null, 2))
      out.print(`team ${plainText(made['name'])} is there: ${plainText(made['id'])}`)
    })
  taught(command, {
    examples: [
      ['a team', 'causeway team add payments'],
      ['one that others find', 'causeway team add reading-circle --public'],
    ],
  })
}

function list(team: Command, { api, out }: Context): void {
  const command = team
    .command('list')
    .description('the teams that you are in; for administrators, all that people share')
    .option(...JSON_OPTION)
    .action(async ({ json }: JsonOption) => {
      const teams = await allOf(await api(), '/v1/teams', 'teams')
      if (json === true) return out.print(JSON.stringify(teams, null, 2))
      const rows = teams.map((one) => [
        plainText(one['id']),
        plainText(one['name']),
        one['is_personal'] === true ? 'personal' : plainText(one['visibility']),
        plainText(one['member_count']),
      ])
      for (const line of tableLines(['ID', 'NAME', 'KIND', 'MEMBERS'], rows, out)) out.print(line)
    })
  taught(command, {
    examples: [
      ['which there are', 'causeway team list'],
      ['for a program', 'causeway team list --json'],
    ],
  })
}

function addMember(team: Command, { api, out }: Context): void {
  const command = team
    .command('add-member')
    .description('let a user into a team')
    .argument('<team>', 'its name or id')
    .argument('<email>', 'of the user')
    .option('--owner', 'may look after the team and its members')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, email: string, options: DryOption & { readonly owner?: boolean }) => {
      const connection = await api()
      const body = { email, role: options.owner === true ? 'owner' : 'member' }
      const path = `/v1/teams/${await teamId(connection, name)}/members`
      const made = await connection.json('POST', dryPath(path, options.dryRun), JSON.stringify(body))
      if (options.dryRun === true) return showEffects(out, made, options.json)
      if (options.json === true) return out.print(JSON.stringify(made, null, 2))
      out.print(`${plainText(made['user_email'])} is in the team as ${plainText(made['role'])}`)
    })
  taught(command, {
    examples: [
      ['a member, who may use what is for the team', 'causeway team add-member payments ann@example.com'],
      ['an owner', 'causeway team add-member payments bob@example.com --owner'],
    ],
    next: 'causeway role give EMAIL developer --team TEAM lets a member change what is for the team.',
  })
}

function removeMember(team: Command, { api, out }: Context): void {
  const command = team
    .command('remove-member')
    .description('take a user out of a team, with every role in it')
    .argument('<team>', 'its name or id')
    .argument('<email>', 'of the user')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, email: string, { dryRun, json }: DryOption) => {
      const connection = await api()
      const path = `/v1/teams/${await teamId(connection, name)}/members/${encodeURIComponent(email)}`
      const said = await connection.json('DELETE', dryPath(path, dryRun))
      if (dryRun === true) return showEffects(out, said, json)
      if (json === true) return out.print(JSON.stringify(said, null, 2))
      out.print(plainText(said['message']))
    })
  taught(command, {
    examples: [
      ['somebody who leaves', 'causeway team remove-member payments ann@example.com'],
      ['what that would take', 'causeway team remove-member payments ann@example.com --dry-run'],
      ['for a program', 'causeway team remove-member payments ann@example.com --json'],
    ],
  })
}

/** A team by its id, its name or its slug. */
export async function teamId(connection: Api, named: string): Promise<string> {
  const teams = await allOf(connection, '/v1/teams', 'teams')
  const found = teams.filter(({ id, name, slug }) => [id, name, slug].includes(named))
  const [one] = found
  if (one === undefined) throw new CliError(`there is no team ${named}: causeway team list shows them`)
  if (found.length > 1) throw new CliError(`several teams are called ${named}: say the id of one`)
  return plainText(one['id'])
}

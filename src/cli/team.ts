import type { Command } from 'commander'
import type { Api } from './api.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { DRY_RUN_OPTION, foresee } from './dry-run.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { tableLines } from './table.ts'
import { teamChangeCommands } from './team-change.ts'
import { teamEntryCommands } from './team-entry.ts'
import { teamMemberCommands } from './team-members.ts'
import { plainText } from './terminal.ts'
import { allOf } from './user.ts'

interface JsonOption {
  readonly json?: boolean
}

export function teamCommands(program: Command, context: Context): void {
  const team = program.command('team').description('people who share servers and tools')
  add(team, context)
  list(team, context)
  teamChangeCommands(team, context)
  teamMemberCommands(team, context)
  teamEntryCommands(team, context)
  taught(team, {
    examples: [
      ['a new one', 'causeway team add payments'],
      ['let a user in', 'causeway team add-member payments ann@example.com'],
      ['somebody who decides for themselves', 'causeway team invite payments ann@example.com'],
      ['who asks to join', 'causeway team requests payments'],
      ['which you are in', 'causeway team list'],
      ['who is in one', 'causeway team members payments'],
    ],
  })
}

function add(team: Command, { api, out }: Context): void {
  const command = team
    .command('add')
    .description('make a team; who makes it owns it')
    .argument('<name>', 'what it is called')
    .option('--public', 'others find it and may ask to join')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, options: JsonOption & { readonly public?: boolean; readonly dryRun?: boolean }) => {
      const body = { name, visibility: options.public === true ? 'public' : 'private' }
      const connection = await api()
      const { json } = options
      if (options.dryRun === true)
        return await foresee(connection, out, { method: 'POST', path: '/v1/teams', body, json })
      const made = await connection.json('POST', '/v1/teams', JSON.stringify(body))
      if (json === true) return out.print(JSON.stringify(made, null, 2))
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

/** A team by its id, its name or its slug. */
export async function teamId(connection: Api, named: string): Promise<string> {
  const teams = await allOf(connection, '/v1/teams', 'teams')
  if (teams.some(({ id }) => id === named)) return named
  const found = teams.filter(({ name, slug }) => [name, slug].includes(named))
  const [one] = found
  if (one === undefined) throw new CliError(`there is no team ${named}: causeway team list shows them`)
  if (found.length > 1) {
    const ids = found.map(({ id }) => plainText(id)).join(', ')
    throw new CliError(`several teams are called ${named} (${ids}): say the id of one`)
  }
  return plainText(one['id'])
}

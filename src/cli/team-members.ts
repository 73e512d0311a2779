import { Argument, type Command } from 'commander'
import { emailKey } from '#/lib/email-key.ts'
import type { Api } from './api.ts'
import type { Context } from './context.ts'
import { DRY_RUN_OPTION, foresee } from './dry-run.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { printMessage } from './message.ts'
import { tableLines } from './table.ts'
import { teamId } from './team.ts'
import { plainText } from './terminal.ts'

interface Options {
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** Who is in a team, and as what. */
export function teamMemberCommands(team: Command, context: Context): void {
  members(team, context)
  addMember(team, context)
  setRole(team, context)
  removeMember(team, context)
}

function members(team: Command, { api, out }: Context): void {
  const command = team
    .command('members')
    .description('who is in a team, and who looks after it')
    .argument('<team>', 'its name or id')
    .option(...JSON_OPTION)
    .action(async (name: string, { json }: Options) => {
      const connection = await api()
      const all = await connection.all(await membersPath(connection, name), 'members')
      if (json === true) return out.print(JSON.stringify(all, null, 2))
      const rows = all.map((one) =>
        ['user_email', 'role', 'joined_at', 'invited_by'].map((each) => plainText(one[each])),
      )
      for (const line of tableLines(['EMAIL', 'ROLE', 'SINCE', 'BY'], rows, out)) out.print(line)
    })
  taught(command, {
    examples: [
      ['by its name', 'causeway team members payments'],
      ['for a program', 'causeway team members payments --json'],
    ],
    next: 'causeway team set-role TEAM EMAIL owner lets a member look after the team.',
    completes: { team: 'team' },
  })
}

function addMember(team: Command, { api, out }: Context): void {
  const command = team
    .command('add-member')
    .description('let a user into a team')
    .argument('<team>', 'its name or id')
    .argument('<email>', 'of the user')
    .option('--owner', 'may look after the team and its members, also who is in it already')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, email: string, { owner, dryRun, json }: Options & { readonly owner?: boolean }) => {
      const connection = await api()
      const path = await membersPath(connection, name)
      const role = owner === true ? 'owner' : 'member'
      const change =
        owner === true && (await isMember(connection, path, email))
          ? { method: 'PUT', path: `${path}/${encodeURIComponent(email)}`, body: { role } }
          : { method: 'POST', path, body: { email, role } }
      if (dryRun === true) return await foresee(connection, out, { ...change, json })
      const made = await connection.json(change.method, change.path, JSON.stringify(change.body))
      if (json === true) return out.print(JSON.stringify(made, null, 2))
      out.print(`${plainText(made['user_email'])} is in the team as ${plainText(made['role'])}`)
    })
  taught(command, {
    examples: [
      ['a member, who may use what is for the team', 'causeway team add-member payments ann@example.com'],
      ['an owner', 'causeway team add-member payments bob@example.com --owner'],
    ],
    next: 'causeway role give EMAIL developer --team TEAM lets a member change what is for the team.',
    completes: { team: 'team', email: 'user' },
  })
}

function setRole(team: Command, { api, out }: Context): void {
  const command = team
    .command('set-role')
    .description('make a member an owner, or an owner a member')
    .argument('<team>', 'its name or id')
    .argument('<email>', 'of the member')
    .addArgument(new Argument('<role>', 'an owner looks after the team and its members').choices(['owner', 'member']))
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (...[name, email, role, { dryRun, json }]: [string, string, string, Options]) => {
      const connection = await api()
      const path = `${await membersPath(connection, name)}/${encodeURIComponent(email)}`
      if (dryRun === true) return await foresee(connection, out, { method: 'PUT', path, body: { role }, json })
      const made = await connection.json('PUT', path, JSON.stringify({ role }))
      if (json === true) return out.print(JSON.stringify(made, null, 2))
      out.print(`${plainText(made['user_email'])} is in the team as ${plainText(made['role'])}`)
    })
  taught(command, {
    examples: [
      ['somebody who looks after the team', 'causeway team set-role payments ann@example.com owner'],
      ['no longer', 'causeway team set-role payments ann@example.com member'],
      ['what that would take', 'causeway team set-role payments ann@example.com member --dry-run'],
    ],
    next: 'causeway team members TEAM shows who is what.',
    completes: { team: 'team', email: 'user' },
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
    .action(async (name: string, email: string, { dryRun, json }: Options) => {
      const connection = await api()
      const path = `${await membersPath(connection, name)}/${encodeURIComponent(email)}`
      if (dryRun === true) return await foresee(connection, out, { method: 'DELETE', path, json })
      const said = await connection.json('DELETE', path)
      printMessage(out, said, json)
    })
  taught(command, {
    examples: [
      ['somebody who leaves', 'causeway team remove-member payments ann@example.com'],
      ['what that would take', 'causeway team remove-member payments ann@example.com --dry-run'],
      ['for a program', 'causeway team remove-member payments ann@example.com --json'],
    ],
    completes: { team: 'team', email: 'user' },
  })
}

const membersPath = async (connection: Api, team: string): Promise<string> =>
  `/v1/teams/${await teamId(connection, team)}/members`

async function isMember(connection: Api, path: string, email: string): Promise<boolean> {
  for await (const page of connection.pages(path, 'members'))
    if (page.some((one) => emailKey(plainText(one['user_email'])) === emailKey(email))) return true
  return false
}

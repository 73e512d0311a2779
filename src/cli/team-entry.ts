import type { Command } from 'commander'
import { emailKey } from '#/lib/email-key.ts'
import type { Api, Json } from './api.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { DRY_RUN_OPTION, foresee } from './dry-run.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { printMessage } from './message.ts'
import { tableLines } from './table.ts'
import { teamId } from './team.ts'
import { plainText } from './terminal.ts'

interface JsonOption {
  readonly json?: boolean
}

interface Options extends JsonOption {
  readonly dryRun?: boolean
}

/** The ways into a team that two have to agree to, and the way out. */
export function teamEntryCommands(team: Command, context: Context): void {
  invite(team, context)
  invitations(team, context)
  accept(team, context)
  ask(team, context)
  requests(team, context)
  approve(team, context)
  reject(team, context)
  leave(team, context)
}

function invite(team: Command, { api, out }: Context): void {
  const command = team
    .command('invite')
    .description('make a link into a team for one e-mail address; it is shown once')
    .argument('<team>', 'its name or id')
    .argument('<email>', 'whoever it is for')
    .option('--owner', 'may look after the team and its members')
    .option('--cancel', 'the link that there is leads nowhere any more')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, email: string, options: Options & { owner?: boolean; cancel?: boolean }) => {
      const connection = await api()
      const path = `/v1/teams/${await teamId(connection, name)}/invitations`
      const { json, dryRun } = options
      if (options.cancel === true) {
        const change = { method: 'DELETE', path: await invitationOf(connection, path, email) }
        if (dryRun === true) return await foresee(connection, out, { ...change, json })
        return out.print(plainText((await connection.json(change.method, change.path))['message']))
      }
      const body = { email, role: options.owner === true ? 'owner' : 'member' }
      if (dryRun === true) return await foresee(connection, out, { method: 'POST', path, body, json })
      const made = await connection.json('POST', path, JSON.stringify(body))
      if (json === true) return out.print(JSON.stringify(made, null, 2))
      out.note(`For ${plainText(made['email'])}, once, until ${plainText(made['expires_at'])}; give it to them:`)
      out.print(`causeway team accept ${plainText(made['token'])}`)
    })
  taught(command, {
    examples: [
      ['a member', 'causeway team invite payments ann@example.com'],
      ['an owner', 'causeway team invite payments bob@example.com --owner'],
      ['think better of it', 'causeway team invite payments ann@example.com --cancel'],
    ],
    next: 'Whoever has that address follows it with causeway team accept.',
  })
}

/** The path of what was made for an address. */
async function invitationOf(connection: Api, path: string, email: string): Promise<string> {
  const all = await listOf(connection, path)
  const found = all.find((one) => emailKey(plainText(one['email'])) === emailKey(email))
  if (found === undefined) throw new CliError(`nobody invited ${email}: causeway team invitations shows who is`)
  return `/v1/teams/invitations/${plainText(found['id'])}`
}

function invitations(team: Command, { api, out }: Context): void {
  const command = team
    .command('invitations')
    .description('who is invited and has not come')
    .argument('<team>', 'its name or id')
    .option(...JSON_OPTION)
    .action(async (name: string, { json }: JsonOption) => {
      const connection = await api()
      const all = await listOf(connection, `/v1/teams/${await teamId(connection, name)}/invitations`)
      if (json === true) return out.print(JSON.stringify(all, null, 2))
      const rows = all.map((one) => [
        plainText(one['email']),
        plainText(one['role']),
        plainText(one['invited_by']),
        one['is_expired'] === true ? 'over' : plainText(one['expires_at']),
      ])
      for (const line of tableLines(['EMAIL', 'ROLE', 'INVITED BY', 'UNTIL'], rows, out)) out.print(line)
    })
  taught(command, {
    examples: [
      ['of a team', 'causeway team invitations payments'],
      ['for a program', 'causeway team invitations payments --json'],
    ],
    next: 'causeway team invite TEAM EMAIL --cancel takes one back.',
  })
}

function accept(team: Command, { api, out }: Context): void {
  const command = team
    .command('accept')
    .description('accept an invitation that is for your own e-mail address')
    .argument('<token>', 'from the invitation')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (token: string, { dryRun, json }: Options) => {
      const path = `/v1/teams/invitations/${encodeURIComponent(token)}/accept`
      const connection = await api()
      if (dryRun === true) return await foresee(connection, out, { method: 'POST', path, json })
      const made = await connection.json('POST', path)
      if (json === true) return out.print(JSON.stringify(made, null, 2))
      out.print(`you are in the team ${plainText(made['team_id'])} as ${plainText(made['role'])}`)
    })
  taught(command, {
    examples: [
      ['with what causeway team invite printed', 'causeway team accept vQ7yR4…'],
      ['for a program', 'causeway team accept vQ7yR4… --json'],
    ],
    next: 'causeway team list shows the teams that you are in.',
  })
}

function ask(team: Command, { api, out }: Context): void {
  const command = team
    .command('join')
    .description('ask to join a public team')
    .argument('[team]', 'its name or id; without it, the public teams that you are not in')
    .option('--message <text>', 'for those who decide')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string | undefined, { message, dryRun, json }: Options & { message?: string }) => {
      const connection = await api()
      const found = await listOf(connection, '/v1/teams/discover?limit=0')
      if (name === undefined) return showPublic(out, found, json === true)
      const one = found.find((each) => each['id'] === name || each['name'] === name)
      if (one === undefined)
        throw new CliError(`there is no public team ${name} that you are not in: causeway team join shows them`)
      const path = `/v1/teams/${plainText(one['id'])}/join`
      if (dryRun === true) return await foresee(connection, out, { method: 'POST', path, body: { message }, json })
      const made = await connection.json('POST', path, JSON.stringify({ message }))
      if (json === true) return out.print(JSON.stringify(made, null, 2))
      out.print(`asked; whoever looks after ${plainText(one['name'])} decides until ${plainText(made['expires_at'])}`)
    })
  taught(command, {
    examples: [
      ['which there are', 'causeway team join'],
      ['ask', 'causeway team join reading-circle --message "I have read it"'],
    ],
    next: 'causeway team list shows whether you are in.',
  })
}

function showPublic(out: Context['out'], teams: readonly Json[], json: boolean): void {
  if (json) return out.print(JSON.stringify(teams, null, 2))
  const rows = teams.map((one) => [
    plainText(one['name']),
    plainText(one['member_count']),
    one['is_joinable'] === true ? '' : 'full',
    plainText(one['description'] ?? ''),
  ])
  for (const line of tableLines(['TEAM', 'MEMBERS', '', 'ABOUT'], rows, out)) out.print(line)
}

function requests(team: Command, { api, out }: Context): void {
  const command = team
    .command('requests')
    .description('who asks to join a team')
    .argument('<team>', 'its name or id')
    .option(...JSON_OPTION)
    .action(async (name: string, { json }: JsonOption) => {
      const connection = await api()
      const all = await listOf(connection, `/v1/teams/${await teamId(connection, name)}/join-requests`)
      if (json === true) return out.print(JSON.stringify(all, null, 2))
      const rows = all.map((one) => [
        plainText(one['user_email']),
        plainText(one['requested_at']),
        plainText(one['message'] ?? ''),
      ])
      for (const line of tableLines(['EMAIL', 'SINCE', 'MESSAGE'], rows, out)) out.print(line)
    })
  taught(command, {
    examples: [
      ['of a team', 'causeway team requests payments'],
      ['for a program', 'causeway team requests payments --json'],
    ],
    next: 'causeway team approve TEAM EMAIL lets one in, causeway team reject TEAM EMAIL turns one away.',
  })
}

/** The path of the request of somebody who asks. */
async function requestOf(connection: Api, name: string, email: string): Promise<string> {
  const path = `/v1/teams/${await teamId(connection, name)}/join-requests`
  const all = await listOf(connection, path)
  const found = all.find((one) => emailKey(plainText(one['user_email'])) === emailKey(email))
  if (found === undefined) throw new CliError(`${email} does not ask to join: causeway team requests shows who does`)
  return `${path}/${plainText(found['id'])}`
}

function approve(team: Command, { api, out }: Context): void {
  const command = team
    .command('approve')
    .description('let in who asks to join')
    .argument('<team>', 'its name or id')
    .argument('<email>', 'of the user')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, email: string, { dryRun, json }: Options) => {
      const connection = await api()
      const path = `${await requestOf(connection, name, email)}/approve`
      if (dryRun === true) return await foresee(connection, out, { method: 'POST', path, json })
      const made = await connection.json('POST', path)
      if (json === true) return out.print(JSON.stringify(made, null, 2))
      out.print(`${plainText(made['user_email'])} is in the team as ${plainText(made['role'])}`)
    })
  taught(command, {
    examples: [
      ['one of those that causeway team requests shows', 'causeway team approve payments ann@example.com'],
      ['for a program', 'causeway team approve payments ann@example.com --json'],
    ],
  })
}

function reject(team: Command, { api, out }: Context): void {
  const command = team
    .command('reject')
    .description('turn away who asks to join')
    .argument('<team>', 'its name or id')
    .argument('<email>', 'of the user')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, email: string, { dryRun, json }: Options) => {
      const connection = await api()
      const path = await requestOf(connection, name, email)
      if (dryRun === true) return await foresee(connection, out, { method: 'DELETE', path, json })
      const said = await connection.json('DELETE', path)
      printMessage(out, said, json)
    })
  taught(command, {
    examples: [
      ['one of those that causeway team requests shows', 'causeway team reject payments ann@example.com'],
      ['for a program', 'causeway team reject payments ann@example.com --json'],
    ],
  })
}

function leave(team: Command, { api, out }: Context): void {
  const command = team
    .command('leave')
    .description('leave a team, with every role in it')
    .argument('<team>', 'its name or id')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, { dryRun, json }: Options) => {
      const connection = await api()
      const path = `/v1/teams/${await teamId(connection, name)}/leave`
      if (dryRun === true) return await foresee(connection, out, { method: 'DELETE', path, json })
      const said = await connection.json('DELETE', path)
      printMessage(out, said, json)
    })
  taught(command, {
    examples: [
      ['by its name', 'causeway team leave payments'],
      ['for a program', 'causeway team leave payments --json'],
    ],
    next: 'Its last owner makes another one first: causeway team set-role TEAM EMAIL owner.',
  })
}

async function listOf(connection: Api, path: string): Promise<readonly Json[]> {
  const { text } = await connection.request('GET', path)
  return JSON.parse(text) as readonly Json[]
}

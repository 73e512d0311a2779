import type { Command } from 'commander'
import type { Api, Json } from './api.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { DRY_RUN_OPTION, foresee } from './dry-run.ts'
import { confirmed } from './keyboard.ts'
import { JSON_OPTION, taught, YES_OPTION } from './lesson.ts'
import { tableLines } from './table.ts'
import { plainText } from './terminal.ts'

/** One's own, or those of another user. */
const pathOf = (email: string | undefined): string =>
  email === undefined ? '/v1/auth/identities' : `/v1/auth/email/admin/users/${encodeURIComponent(email)}/identities`

/** Which accounts of identity providers sign in as a user. */
export function identityCommands(user: Command, context: Context): void {
  list(user, context)
  unlink(user, context)
}

async function identitiesOf(connection: Api, email: string | undefined): Promise<readonly Json[]> {
  const { text } = await connection.request('GET', pathOf(email))
  return JSON.parse(text) as readonly Json[]
}

function list(user: Command, { api, out }: Context): void {
  const command = user
    .command('identities')
    .description('the accounts of identity providers that sign in as a user')
    .argument('[email]', "the user; one's own unless given")
    .option(...JSON_OPTION)
    .action(async (email: string | undefined, { json }: { readonly json?: boolean }) => {
      const identities = await identitiesOf(await api(), email)
      if (json === true) return out.print(JSON.stringify(identities, null, 2))
      if (identities.length === 0) return out.note('no identity provider has vouched for this user')
      const rows = identities.map((one) => ['id', 'issuer', 'subject', 'linked_at'].map((name) => plainText(one[name])))
      for (const line of tableLines(['ID', 'PROVIDER', 'ITS NAME THERE', 'SINCE'], rows, out)) out.print(line)
    })
  taught(command, {
    examples: [
      ["somebody's", 'causeway user identities ann@example.com'],
      ["one's own", 'causeway user identities'],
    ],
    next: 'causeway user unlink takes one away.',
  })
}

interface UnlinkOptions {
  readonly id?: string
  readonly force?: boolean
  readonly yes?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

function unlink(user: Command, { api, out, keyboard }: Context): void {
  const command = user
    .command('unlink')
    .description('take away that an account of an identity provider signs in as a user')
    .argument('[email]', "the user; one's own unless given")
    .option('--id <id>', 'which one; needed where there are several')
    .option('--force', 'also where nobody could sign in as the user any more; for administrators')
    .option(...YES_OPTION)
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (email: string | undefined, { id, force, yes, dryRun, json }: UnlinkOptions) => {
      if (force === true && email === undefined) throw new CliError('--force is for another user: name one')
      const connection = await api()
      const identity = chosen(await identitiesOf(connection, email), id)
      const [issuer, subject] = [plainText(identity['issuer']), plainText(identity['subject'])]
      const query = force === true ? '?force=true' : ''
      const path = `${pathOf(email)}/${plainText(identity['id'])}${query}`
      if (dryRun === true) return await foresee(connection, out, { method: 'DELETE', path, json })
      if (keyboard.present) await confirmed(keyboard, `unlink ${subject} at ${issuer} and end the sessions`, yes)
      await connection.json('DELETE', path)
      out.print(json === true ? JSON.stringify({ unlinked: identity }) : `unlinked ${subject} at ${issuer}`)
    })
  taught(command, {
    examples: [
      ['the only one', 'causeway user unlink ann@example.com'],
      ['one of several', 'causeway user unlink ann@example.com --id 0f3c…'],
    ],
    next: 'whoever has the address of the user is linked again at its next sign-in; causeway user disable keeps one out.',
  })
}

function chosen(identities: readonly Json[], id: string | undefined): Json {
  const found = identities.filter((one) => id === undefined || one['id'] === id)
  const [identity] = found
  if (identity === undefined)
    throw new CliError(id === undefined ? 'there is nothing to unlink' : `there is no identity ${id}`, {
      code: 'not_found',
    })
  if (found.length === 1) return identity
  const ids = found.map((one) => plainText(one['id'])).join(', ')
  throw new CliError(`there are several: say which one with --id (${ids})`, { code: 'ambiguous' })
}

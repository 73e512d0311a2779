import type { Command } from 'commander'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { confirmed } from './keyboard.ts'
import { JSON_OPTION, taught, YES_OPTION } from './lesson.ts'
import { gatewayPlace } from './open-api.ts'
import { newPassword, passwordOf } from './password.ts'
import { keepSession, keptSession } from './session.ts'
import { plainText } from './terminal.ts'

interface Options {
  readonly yes?: boolean
  readonly json?: boolean
}

/** One's own password, or a code for somebody who has none or forgot it. */
export function passwordCommand(user: Command, context: Context): void {
  const command = user
    .command('password')
    .description("change one's own password, or make a code that lets another user choose one")
    .argument('[email]', "the other user; one's own unless given")
    .option(...YES_OPTION)
    .option(...JSON_OPTION)
    .action((email: string | undefined, options: Options) =>
      email === undefined ? changeOwn(context, options) : reset(context, email, options),
    )
  taught(command, {
    examples: [
      ['a code for somebody', 'causeway user password ann@example.com'],
      ["one's own", 'causeway user password'],
    ],
    next: 'causeway login --code takes the code and asks for the new password.',
  })
}

async function reset({ api, out, keyboard }: Context, email: string, { yes, json }: Options): Promise<void> {
  const connection = await api()
  if (keyboard.present)
    await confirmed(keyboard, `take the password of ${email} away and end its sessions, if it has any`, yes)
  const path = `/v1/auth/email/admin/users/${encodeURIComponent(email)}/reset-password`
  const made = await connection.json('POST', path)
  if (json === true) return out.print(JSON.stringify(made, null, 2))
  out.note(
    `With this code, shown this once, ${email} chooses a password (causeway login --code). It is good once, until`,
  )
  out.note(`${plainText(made['expires_at'])}.`)
  out.print(plainText(made['reset_code']))
}

async function changeOwn(context: Context, { json }: Options): Promise<void> {
  const { api, env, out } = context
  const { origin } = gatewayPlace(env)
  const connection = await api()
  const email = plainText((await connection.json('GET', '/v1/auth/email/me'))['email'])
  const old = await passwordOf(undefined, context, `Password of ${email}: `)
  const body = JSON.stringify({ email, old_password: old, new_password: await newPassword(undefined, context) })
  const made = await connection.json('POST', '/v1/auth/email/change-password', body)
  const now = Date.now()
  const token = plainText(made['access_token'])
  if (token === '') throw new CliError(`${origin} gave no new session: causeway login`)
  // Every session has ended, also the one that asked.
  if ((await keptSession(origin))?.email === email)
    await keepSession(origin, { email, token, begins: now, expires: now + Number(made['expires_in']) * 1000 })
  out.print(json === true ? JSON.stringify({ email, changed: true }) : `the password of ${email} is changed`)
}

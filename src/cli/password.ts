import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { firstLineOf } from './passphrase.ts'

export const PASSWORD_OPTION = [
  '--password-file <file>',
  'the password is the first line of this file; - reads it from standard input. Asked for unless given',
] as const

/** A password that there is. */
export async function passwordOf(file: string | undefined, context: Context, question = 'Password: '): Promise<string> {
  return (await firstLineOf(file, context, 'password')) ?? (await asked(context, question))
}

/** A new one: typed twice, or from a file. */
export async function newPassword(file: string | undefined, context: Context): Promise<string> {
  const given = await firstLineOf(file, context, 'password')
  if (given !== null) return given
  const password = await asked(context, 'New password: ')
  if ((await asked(context, 'Once more: ')) !== password)
    throw new CliError('the two are not the same; nothing is changed')
  return password
}

async function asked({ keyboard }: Context, question: string): Promise<string> {
  if (!keyboard.present)
    throw new CliError('a password is needed and there is no terminal to ask on: say --password-file FILE', {
      code: 'no_terminal',
    })
  return await keyboard.askSecret(question)
}

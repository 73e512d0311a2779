import { readFile } from 'node:fs/promises'
import { whyUnread } from '#/lib/why-unread.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'

export const PASSPHRASE_OPTION = [
  '--passphrase-file <file>',
  'what seals the archive is the first line of this file; - reads it from standard input. Asked for unless given',
] as const

const SHORTEST = 12

/** The passphrase of an archive that is there. */
export async function passphraseOf(file: string | undefined, context: Context): Promise<string> {
  const given = await firstLineOf(file, context, 'passphrase')
  return given ?? (await asked(context, 'Passphrase: '))
}

/** The passphrase for a new archive: typed twice, or from a file; none that can be guessed. */
export async function newPassphrase(file: string | undefined, context: Context): Promise<string> {
  const given = await firstLineOf(file, context, 'passphrase')
  const passphrase = given ?? (await asked(context, 'Passphrase for the backup: '))
  if (passphrase.length < SHORTEST)
    throw new CliError(
      `the passphrase must have ${SHORTEST} characters or more: all secrets of the gateway lie behind it`,
    )
  if (given === null && (await asked(context, 'Once more: ')) !== passphrase)
    throw new CliError('the two are not the same; nothing was written')
  return passphrase
}

async function asked({ keyboard }: Context, question: string): Promise<string> {
  if (!keyboard.present)
    throw new CliError('a passphrase is needed and there is no terminal to ask on: say --passphrase-file FILE')
  return await keyboard.askSecret(question)
}

/** The first line of a file, or of standard input for `-`; null: none is named. */
export async function firstLineOf(
  file: string | undefined,
  { readStdin }: Context,
  what: 'passphrase' | 'password',
): Promise<string | null> {
  if (file === undefined) return null
  const text = file === '-' ? await readStdin() : await textOf(file, what)
  const [line = ''] = text.split(/\r?\n/, 1)
  if (line === '') throw new CliError(`${file === '-' ? 'standard input' : file} holds no ${what} on its first line`)
  return line
}

async function textOf(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new CliError(`the ${what} file ${file} cannot be read: ${whyUnread(cause)}`, { cause })
  }
}

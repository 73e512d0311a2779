import { printFound, register } from './add.ts'
import type { Context } from './context.ts'
import { ownCommand } from './own-command.ts'
import { working } from './progress.ts'
import { plainText } from './terminal.ts'

const NAME = 'example'
/** The gateway knows its own name as a command, so that this works wherever it lies and after every update. */
const LAUNCH = { transport: 'STDIO', command: 'causeway', args: ['example'] }
const DESCRIPTION = 'Part of Causeway: times, units, texts, pictures, a notebook and a slow tool to try things with'

/** Puts the example server behind the gateway, which starts it when it is needed. */
export async function addExample(
  name: string = NAME,
  { json, description = DESCRIPTION }: { readonly json?: boolean; readonly description?: string },
  { out, api }: Context,
): Promise<void> {
  const connection = await api()
  const body = JSON.stringify({ name, description, ...LAUNCH })
  const gateway = await working(out, 'starting the example server', () => register(connection, name, body))
  if (json === true) return out.print(JSON.stringify(gateway, null, 2))
  await printFound(gateway, connection, out)
  const call = `${ownCommand()} call ${plainText(gateway['slug'] ?? name)}`
  out.print('')
  out.print('Next:')
  out.print(`  ${call}-convert-units --arg value=72 --arg from=fahrenheit --arg to=celsius`)
  out.print(`  ${call}-countdown --arg from=5`)
}

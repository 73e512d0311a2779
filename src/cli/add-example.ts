import { printFound, register } from './add.ts'
import type { Api, Json } from './api.ts'
import type { Context } from './context.ts'
import { ownCommand } from './own-command.ts'
import { working } from './progress.ts'
import { plainText } from './terminal.ts'

const NAME = 'example'
/** The gateway knows its own name as a command, so that this works wherever it lies and after every update. */
const LAUNCH = { transport: 'STDIO', command: 'causeway', args: ['example'] }
const DESCRIPTION = 'Part of Causeway: times, units, texts, pictures, a notebook and a slow tool to try things with'

interface Options {
  readonly json?: boolean
  readonly description?: string
}

/** Puts the example server behind the gateway, which starts it when it is needed. Where it is already, that is fine, too. */
export async function addExample(name: string = NAME, options: Options, { out, api }: Context): Promise<void> {
  const { json, description = DESCRIPTION } = options
  const connection = await api()
  const there = await exampleIn(connection, name)
  const body = JSON.stringify({ name, description, ...LAUNCH })
  const gateway = there ?? (await working(out, 'starting the example server', () => register(connection, name, body)))
  if (json === true) return out.print(JSON.stringify(gateway, null, 2))
  if (there !== undefined) out.print(`${name} is there already`)
  else await printFound(gateway, connection, out)
  const call = `${ownCommand()} call ${plainText(gateway['slug'] ?? name)}`
  out.print('')
  out.print('Next:')
  out.print(`  ${call}-convert-units --arg value=72 --arg from=fahrenheit --arg to=celsius`)
  out.print(`  ${call}-countdown --arg from=5`)
}

async function exampleIn(api: Api, name: string): Promise<Json | undefined> {
  const gateways = await api.all('/v1/gateways?include_inactive=true', 'gateways')
  return gateways.find((one) => one['name'] === name && one['command'] === LAUNCH.command)
}

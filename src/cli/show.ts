import type { Command } from 'commander'
import type { Context } from './context.ts'
import { findGateway } from './find.ts'
import { stateOf } from './list.ts'
import { printOffers } from './offers.ts'
import { plainText } from './terminal.ts'

const SHOWN = [
  'id',
  'url',
  'description',
  'era',
  'protocolVersion',
  'authType',
  'lastSeen',
  'lastRefreshAt',
  'lastError',
  'nextRetryAt',
]

export function showCommand(program: Command, { api, out }: Context): void {
  program
    .command('show')
    .description('one server: how it stands and what it offers')
    .argument('<name>', 'its name or id')
    .option('--json', 'print the answer as JSON')
    .action(async (name: string, options: { readonly json?: boolean }) => {
      const connection = await api()
      const gateway = await findGateway(connection, name)
      if (options.json === true) return out.print(JSON.stringify(gateway, null, 2))
      out.print(`${out.bold(plainText(gateway['name']))}  ${stateOf(gateway)}`)
      for (const field of SHOWN) {
        const value = plainText(gateway[field])
        if (value !== '') out.print(`  ${field.padEnd(16)}${value}`)
      }
      await printOffers(gateway, connection, out)
    })
}

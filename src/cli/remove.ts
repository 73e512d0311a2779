import type { Command } from 'commander'
import type { Context } from './context.ts'
import { DRY_RUN_OPTION, foresee } from './dry-run.ts'
import { findGateway, idOf } from './find.ts'
import { confirmed } from './keyboard.ts'
import { JSON_OPTION, taught, YES_OPTION } from './lesson.ts'
import { plainText } from './terminal.ts'

interface Options {
  readonly yes?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

export function removeCommand(program: Command, { api, out, keyboard }: Context): void {
  const command = program
    .command('remove')
    .description('take a server and its tools out of the gateway')
    .argument('<name>', 'its name, its id, or a beginning that only one has')
    .option(...YES_OPTION)
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, { yes, dryRun, json }: Options) => {
      const connection = await api()
      const gateway = await findGateway(connection, name)
      const path = `/v1/gateways/${idOf(gateway)}`
      if (dryRun === true) return await foresee(connection, out, { method: 'DELETE', path, json })
      const called = plainText(gateway['name'])
      const tools = plainText(gateway['toolCount'] ?? 0)
      await confirmed(keyboard, `remove ${called} and its ${tools} tools`, yes)
      const { text } = await connection.request('DELETE', path)
      out.print(json === true ? text : `removed ${called}`)
    })
  taught(command, {
    examples: [
      ['after asking', 'causeway remove everything'],
      ['in a script', 'causeway remove everything --yes'],
      ['who would lose what', 'causeway remove everything --dry-run'],
    ],
    next: 'causeway disable NAME keeps a server, but offers nothing of it.',
    completes: { name: 'gateway' },
  })
}

import type { Command } from 'commander'
import type { Context } from './context.ts'
import { findGateway, findServer, findTool } from './find.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { plainText } from './terminal.ts'

interface Options {
  readonly tool?: string
  readonly gateway?: string
  readonly server?: string
  readonly user?: string
  readonly json?: boolean
}

const FINDERS = { tool: findTool, gateway: findGateway, server: findServer } as const

export function whyCommand(program: Command, { api, out }: Context): void {
  const command = program
    .command('why')
    .description('whether something may be done, which rule decides it, and what would change that')
    .argument('<permission>', 'such as tools.execute')
    .option('--tool <name>', 'with this tool')
    .option('--gateway <name>', 'with this server behind the gateway')
    .option('--server <name>', 'with this virtual server')
    .option('--user <email>', 'by this user; by you unless said')
    .option(...JSON_OPTION)
    .action(async (permission: string, options: Options) => {
      const connection = await api()
      const query = new URLSearchParams({ permission })
      if (options.user !== undefined) query.set('user', options.user)
      const kind = (['tool', 'gateway', 'server'] as const).find((each) => options[each] !== undefined)
      if (kind !== undefined) {
        const found = await FINDERS[kind](connection, options[kind] ?? '')
        query.set('kind', kind)
        query.set('id', plainText(found['id']))
      }
      const said = await connection.json('GET', `/v1/access/explain?${query.toString()}`)
      if (options.json === true) return out.print(JSON.stringify(said, null, 2))
      const answer = said['allowed'] === true ? 'may' : 'may not'
      out.print(`${plainText(said['user'])} ${answer} ${plainText(said['permission'])}: ${plainText(said['because'])}`)
      for (const change of said['would_change'] as readonly string[])
        out.print(`  would change it: ${plainText(change)}`)
    })
  taught(command, {
    examples: [
      ['may I call this tool?', 'causeway why tools.execute --tool github-search'],
      ['why can Ann not change this server?', 'causeway why gateways.update --gateway github --user ann@example.com'],
    ],
    next: 'causeway role give and causeway team add-member change the answer.',
    completes: { '--tool': 'tool', '--gateway': 'gateway', '--server': 'server' },
  })
}

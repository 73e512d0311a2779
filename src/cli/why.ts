import type { Command } from 'commander'
import { setTimeout } from 'node:timers/promises'
import type { Api, Json } from './api.ts'
import { callTimeline } from './call-timeline.ts'
import { CliError } from './cli-error.ts'
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

/** What no request id of ours looks like, and few that clients choose. */
const PERMISSION = /^[a-z]+\.[a-z_]+$/

const FINDERS = { tool: findTool, gateway: findGateway, server: findServer } as const

export function whyCommand(program: Command, { api, out, stop }: Context): void {
  const command = program
    .command('why')
    .description(
      'whether something may be done and which rule decides it, or what became of a call and where its time went',
    )
    .argument('<what>', 'a permission such as tools.execute, or the request id of a call')
    .option('--tool <name>', 'with this tool')
    .option('--gateway <name>', 'with this server behind the gateway')
    .option('--server <name>', 'with this virtual server')
    .option('--user <email>', 'by this user; by you unless said')
    .option(...JSON_OPTION)
    .action(async (what: string, options: Options) => {
      const connection = await api()
      await (PERMISSION.test(what) ? whyMay(connection, what, options) : whyCall(connection, what, options))
    })
  const whyMay = async (connection: Api, permission: string, options: Options): Promise<void> => {
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
    for (const change of said['would_change'] as readonly string[]) out.print(`  would change it: ${plainText(change)}`)
  }
  const whyCall = async (connection: Api, id: string, { json }: Options): Promise<void> => {
    const calls = await recorded(connection, id, stop)
    if (json === true) return out.print(JSON.stringify(calls, null, 2))
    for (const call of calls) for (const line of callTimeline(call, out)) out.print(line)
  }
  taught(command, {
    examples: [
      ['may I call this tool?', 'causeway why tools.execute --tool github-search'],
      ['why can Ann not change this server?', 'causeway why gateways.update --gateway github --user ann@example.com'],
      ['why did this call take so long?', 'causeway why 3f0c2a9be1d84c55a7706b1e92d8f4c1'],
    ],
    next: 'causeway role give and causeway team add-member change the answer.',
    completes: { '--tool': 'tool', '--gateway': 'gateway', '--server': 'server' },
  })
}

/** A call's record is stored a moment after its answer: whoever asks at once waits for it. */
async function recorded(connection: Api, id: string, signal: AbortSignal): Promise<readonly Json[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return (await connection.json('GET', `/v1/calls/${encodeURIComponent(id)}`))['calls'] as readonly Json[]
    } catch (error) {
      if (!(error instanceof CliError && error.status === 404) || attempt === ATTEMPTS) throw error
      await setTimeout(PAUSE_MS, undefined, { signal })
    }
  }
}

const ATTEMPTS = 4
const PAUSE_MS = 400

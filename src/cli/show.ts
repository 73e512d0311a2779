import type { Command } from 'commander'
import type { Api, Json } from './api.ts'
import type { Context } from './context.ts'
import { findAny, type FindKind } from './find.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { stateOf } from './list.ts'
import { printOffers } from './offers.ts'
import { printServer } from './server-page.ts'
import { plainText, printable, type Terminal } from './terminal.ts'
import { printTool } from './tool-page.ts'

const SHOWN = [
  'id',
  'transport',
  'url',
  'command',
  'description',
  'era',
  'protocolVersion',
  'authType',
  'lastSeen',
  'lastRefreshAt',
  'lastError',
  'nextRetryAt',
]

interface Shown {
  readonly out: Terminal
  /** How it was named. */
  readonly said: string
}

type Page = (thing: Json, api: Api, shown: Shown) => Promise<void> | void

const printJson: Page = (thing, _api, { out }) => out.print(printable(JSON.stringify(thing, null, 2)))

/** In the order in which a name is looked up. */
const PAGES = {
  gateway: (gateway, api, { out }) => printGateway(gateway, api, out),
  tool: (tool, _api, { out, said }) => printTool(tool, out, said),
  server: (server, api, { out }) => printServer(server, api, out),
  prompt: printJson,
  resource: printJson,
} as const satisfies Partial<Record<FindKind, Page>>
const KINDS = Object.keys(PAGES) as (keyof typeof PAGES)[]

export function showCommand(program: Command, { api, out }: Context): void {
  const command = program
    .command('show')
    .description('a server and what it offers, a tool and what it takes, a virtual server')
    .argument('<name>', 'a name, an id, or a beginning that only one has')
    .option(...JSON_OPTION)
    .action(async (name: string, options: { readonly json?: boolean }) => {
      const connection = await api()
      const { kind, thing } = await findAny(connection, KINDS, name)
      if (options.json === true) out.print(JSON.stringify(thing, null, 2))
      else await PAGES[kind](thing, connection, { out, said: name })
    })
  taught(command, {
    examples: [
      ['how a server stands, and what it offers', 'causeway show everything'],
      ['what a tool takes, and the line that calls it', 'causeway show everything-get-sum'],
    ],
    next: 'causeway refresh NAME asks a server again; causeway call TOOL calls a tool.',
    completes: { name: 'gateway-or-tool' },
  })
}

async function printGateway(gateway: Json, api: Api, out: Terminal): Promise<void> {
  out.print(`${out.bold(plainText(gateway['name']))}  ${stateOf(gateway)}`)
  for (const field of SHOWN) {
    const value = plainText(gateway[field])
    if (value !== '') out.print(`  ${field.padEnd(16)}${value}`)
  }
  await printOffers(gateway, api, out)
}

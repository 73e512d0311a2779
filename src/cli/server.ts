import type { Command } from 'commander'
import type { Context } from './context.ts'
import { stateCommands } from './enable.ts'
import { DRY_RUN_OPTION, foresee } from './dry-run.ts'
import { find, idOf } from './find.ts'
import { confirmed } from './keyboard.ts'
import { JSON_OPTION, taught, YES_OPTION } from './lesson.ts'
import { printServer } from './server-page.ts'
import { changeServer, createServer, NAMED, selectServer } from './server-change.ts'
import { tableLines } from './table.ts'
import { plainText } from './terminal.ts'

interface Options {
  readonly yes?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** Virtual servers: a selection of what there is, offered as one MCP server of its own. */
export function serverCommands(program: Command, context: Context): void {
  const server = program
    .command('server')
    .description('virtual servers: a selection of tools, resources and prompts, offered as one MCP server')
  list(server, context)
  show(server, context)
  createServer(server, context)
  changeServer(server, context)
  selectServer(server, context)
  stateCommands(server, context, 'server')
  remove(server, context)
  taught(server, {
    examples: [
      ['a server for one job', "causeway server create reporting --tool 'warehouse-*' --tool mail-send"],
      ['what it offers', 'causeway server show reporting'],
      ['a token that opens nothing else', 'causeway token create bot --server reporting'],
    ],
  })
}

function list(server: Command, { api, out }: Context): void {
  const command = server
    .command('list')
    .description('the virtual servers there are')
    .option(...JSON_OPTION)
    .action(async (options: Options) => {
      const servers = await (await api()).all('/v1/servers?include_inactive=true', 'servers')
      if (options.json === true) return out.print(JSON.stringify(servers, null, 2))
      if (servers.length === 0) return out.note('no virtual servers yet: causeway server create NAME --tool TOOL')
      const count = (value: unknown): string => String(Array.isArray(value) ? value.length : 0)
      const rows = servers.map((one) => [
        plainText(one['name']),
        one['enabled'] === false ? 'disabled' : 'ok',
        ...['associatedTools', 'associatedResources', 'associatedPrompts'].map((field) => count(one[field])),
        plainText(one['id']),
      ])
      for (const line of tableLines(['NAME', 'STATE', 'TOOLS', 'RESOURCES', 'PROMPTS', 'ID'], rows, out))
        out.print(line)
    })
  taught(command, {
    examples: [
      ['all of them', 'causeway server list'],
      ['their ids alone', "causeway server list --json | jq -r '.[].id'"],
    ],
    next: 'causeway server show NAME tells what one offers.',
  })
}

function show(server: Command, { api, out }: Context): void {
  const command = server
    .command('show')
    .description('one virtual server: what it offers and where it answers')
    .argument('<name>', NAMED)
    .option(...JSON_OPTION)
    .action(async (name: string, { json }: Options) => {
      const connection = await api()
      const found = await find(connection, 'server', name)
      if (json === true) out.print(JSON.stringify(found, null, 2))
      else await printServer(found, connection, out)
    })
  taught(command, {
    examples: [
      ['by its name', 'causeway server show reporting'],
      ['as the API tells it', 'causeway server show reporting --json'],
    ],
    next: 'connect an MCP client to the endpoint that is shown.',
    completes: { name: 'server' },
  })
}

function remove(server: Command, { api, out, keyboard }: Context): void {
  const command = server
    .command('delete')
    .description('take a virtual server away; what it selected stays')
    .argument('<name>', NAMED)
    .option(...YES_OPTION)
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, { yes, dryRun, json }: Options) => {
      const connection = await api()
      const found = await find(connection, 'server', name)
      const called = plainText(found['name'])
      const path = `/v1/servers/${idOf(found)}`
      if (dryRun === true) return await foresee(connection, out, { method: 'DELETE', path, json })
      await confirmed(keyboard, `delete the virtual server ${called}`, yes)
      const { text } = await connection.request('DELETE', path)
      out.print(json === true ? text : `deleted ${called}`)
    })
  taught(command, {
    examples: [
      ['after asking', 'causeway server delete reporting'],
      ['in a script', 'causeway server delete reporting --yes'],
    ],
    completes: { name: 'server' },
  })
}

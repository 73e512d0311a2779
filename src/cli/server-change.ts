import type { Command } from 'commander'
import type { Api, Json } from './api.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { DRY_RUN_OPTION, foresee } from './dry-run.ts'
import { find, idOf } from './find.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { printServer } from './server-page.ts'
import { changed, selected, selectionOf, type Named } from './server-selection.ts'
import { plainText } from './terminal.ts'

interface Options extends Named {
  readonly name?: string
  readonly description?: string
  readonly visibility?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

export const NAMED = 'its name, its id, or a beginning that only one has'

const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value]

function withParts(command: Command): Command {
  return command
    .option('--tool <name>', 'a tool, or several as in github-*; may be repeated', collect)
    .option('--resource <uri>', 'a resource, likewise', collect)
    .option('--prompt <name>', 'a prompt, likewise', collect)
    .option('--from <server>', 'all that a server behind the gateway offers now; may be repeated', collect)
}

const COMPLETES = { name: 'server', '--tool': 'tool', '--from': 'gateway' } as const

export function createServer(server: Command, { api, out }: Context): void {
  const command = withParts(
    server
      .command('create')
      .description('make a virtual server out of what there is')
      .argument('<name>', 'what it is to be called'),
  )
    .option('--description <text>', 'what it is for')
    .option('--visibility <who>', 'public or private')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, options: Options) => {
      const connection = await api()
      const body = { name, ...said(options), ...(await selected(connection, options)) }
      const { dryRun, json } = options
      if (dryRun === true) return await foresee(connection, out, { method: 'POST', path: '/v1/servers', body, json })
      const made = await connection.json('POST', '/v1/servers', JSON.stringify(body))
      if (json === true) return out.print(JSON.stringify(made, null, 2))
      out.print(`${out.green('made')} ${plainText(made['name'])}`)
      await printServer(made, connection, out)
    })
  taught(command, {
    examples: [
      [
        'two tools and a prompt',
        'causeway server create desk --tool mail-send --tool calendar-list --prompt mail-reply',
      ],
      ['all tools whose names begin alike', "causeway server create code --tool 'github-*'"],
      ['everything that one server offers', 'causeway server create lab --from everything'],
    ],
    next: 'causeway server show NAME prints the endpoint for MCP clients.',
    completes: { '--tool': 'tool', '--from': 'gateway' },
  })
}

const said = ({ name, description, visibility }: Options): object => ({
  ...(name !== undefined && { name }),
  ...(description !== undefined && { description }),
  ...(visibility !== undefined && { visibility }),
})

export function changeServer(server: Command, { api, out }: Context): void {
  const command = withParts(
    server
      .command('update')
      .description('change a virtual server; a list that is given replaces the one before')
      .argument('<name>', NAMED),
  )
    .option('--name <name>', 'what it is to be called from now on')
    .option('--description <text>', 'what it is for')
    .option('--visibility <who>', 'public or private')
    .option(...DRY_RUN_OPTION)
    .option(...JSON_OPTION)
    .action(async (name: string, options: Options) => {
      const connection = await api()
      const found = await find(connection, 'server', name)
      const lists = changed(
        await selectionOf(connection, found),
        await selected(connection, options),
        (_, more) => more,
      )
      const body = { ...said(options), ...lists }
      if (Object.keys(body).length === 0) throw nothingSaid('update')
      await write(connection, { found, body, options, out })
    })
  taught(command, {
    examples: [
      ['another name', 'causeway server update reporting --name reports'],
      ['these tools and no others', "causeway server update reporting --tool 'warehouse-*'"],
    ],
    next: 'causeway server add and causeway server remove change a list by what is named.',
    completes: COMPLETES,
  })
}

const nothingSaid = (verb: string): CliError =>
  new CliError(`nothing is named that would be different: causeway server ${verb} --help shows what can be`, {
    code: 'nothing_to_do',
  })

/** `add` and `remove`: the two ways to change a selection. */
export function selectServer(server: Command, { api, out }: Context): void {
  for (const [verb, description, change] of [
    ['add', 'offer more through a virtual server', (now, more) => [...new Set([...now, ...more])]],
    [
      'remove',
      'offer something no longer through a virtual server',
      (now, less) => now.filter((id) => !less.includes(id)),
    ],
  ] as const satisfies readonly (readonly [string, string, Parameters<typeof changed>[2]])[]) {
    const command = withParts(
      server
        .command(verb)
        .description(description)
        .argument('<name>', NAMED)
        .argument('[tools...]', 'tools, by name or as in github-*'),
    )
      .option(...DRY_RUN_OPTION)
      .option(...JSON_OPTION)
      .action(async (name: string, tools: readonly string[], options: Options) => {
        const connection = await api()
        const found = await find(connection, 'server', name)
        const named = await selected(connection, { ...options, tool: [...tools, ...(options.tool ?? [])] })
        const body = changed(await selectionOf(connection, found), named, change)
        if (Object.keys(body).length === 0) throw nothingSaid(verb)
        await write(connection, { found, body, options, out })
      })
    taught(command, {
      examples: [
        ['one tool', `causeway server ${verb} reporting mail-send`],
        [
          'a prompt, and all tools that begin alike',
          `causeway server ${verb} reporting 'github-*' --prompt mail-reply`,
        ],
      ],
      next: 'causeway server show NAME tells what it offers now.',
      completes: { ...COMPLETES, tools: 'tool' },
    })
  }
}

interface Writing {
  readonly found: Json
  readonly body: object
  readonly options: Options
  readonly out: Context['out']
}

/** Over the version that was read; who changed it meanwhile does not lose anything. */
async function write(api: Api, { found, body, options, out }: Writing): Promise<void> {
  const path = `/v1/servers/${idOf(found)}`
  if (options.dryRun === true) return await foresee(api, out, { method: 'PUT', path, body, json: options.json })
  const written = await api.change(path, body, found['version'])
  if (options.json === true) out.print(JSON.stringify(written, null, 2))
  else await printServer(written, api, out)
}

import type { Command } from 'commander'
import { shownArguments } from '#/lib/shown-arguments.ts'
import { shownUrl } from '#/lib/shown-url.ts'
import { addExample } from './add-example.ts'
import type { Api, Json } from './api.ts'
import { refuseStdioOptions, stdioBody, type StdioOptions } from './add-stdio.ts'
import { refuseUrlOptions, urlBody, type UrlOptions } from './add-url.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { printOffers } from './offers.ts'
import { working } from './progress.ts'
import { plainText, type Terminal } from './terminal.ts'

interface Options extends StdioOptions, UrlOptions {
  readonly bearer?: string
  readonly basic?: string
  readonly header?: readonly string[]
  readonly description?: string
  readonly example?: boolean
  readonly from?: string
  readonly only?: readonly string[]
  readonly dryRun?: boolean
  readonly json?: boolean
}

const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value]

export function addCommand(program: Command, context: Context): void {
  const command = program
    .command('add')
    .description('put an MCP server behind the gateway')
    .argument('[name]', 'its name here; its tools are called NAME-tool')
    .argument('[url]', 'where it answers, such as http://127.0.0.1:3001/mcp; or after -- the command that runs it')
    .argument('[args...]', 'arguments of that command')
    .option('--bearer <token>', 'send this bearer token; - reads it from standard input')
    .option('--basic <user:password>', 'send these credentials; - reads them from standard input')
    .option('--header <name: value>', 'send this header; may be repeated', collect)
    .option('--transport <name>', 'http or sse; found out where it is left out')
    .option('--ca <file>', 'trust this certificate authority (PEM) for this server')
    .option('--client-cert <file>', 'show the server this certificate (PEM)')
    .option('--client-key <file>', 'the private key of that certificate (PEM)')
    .option('--http2', 'speak HTTP/2 to the server')
    .option('--env <NAME=VALUE>', 'for a command: a variable of its environment; may be repeated', collect)
    .option('--cwd <folder>', 'for a command: where it runs')
    .option('--sharing <who>', 'for a command, who share one process: shared, per_principal or per_call')
    .option('--description <text>', 'what it is for')
    .option('--example', 'the example server that is part of Causeway')
    .option('--from <file>', "all servers of an MCP client's configuration, or of a client by its name")
    .option('--only <name>', 'with --from: only this one; may be repeated', collect)
    .option('--dry-run', 'with --from: show what would be added, and add nothing')
    .option(...JSON_OPTION)
    .action(async (...given: Given) => await add(program, context, given))
  taught(command, {
    examples: EXAMPLES,
    next: 'causeway tools lists what can be called now; causeway show NAME tells how the server stands.',
    completes: { '--ca': 'file', '--client-cert': 'file', '--client-key': 'file', '--cwd': 'file', '--from': 'file' },
  })
}

/** As commander gives it: the arguments, the options, the command. */
type Given = [
  name: string | undefined,
  url: string | undefined,
  args: readonly string[],
  options: Options,
  command: Command,
]

async function add(program: Command, context: Context, [name, url, args, options, command]: Given): Promise<void> {
  if (options.from === undefined && (options.only !== undefined || options.dryRun === true))
    return command.error('error: --only and --dry-run are for --from')
  if (options.from !== undefined && name !== undefined)
    return command.error('error: --from takes the names in the file: leave out the name, or say --only NAME')
  if (options.from !== undefined) {
    const { addFrom } = await import('./add-from.ts')
    return await addFrom(options.from, options, context)
  }
  if (options.example === true && url !== undefined)
    return command.error('error: --example needs no address: causeway add --example, or causeway add NAME --example')
  if (options.example === true) return await addExample(name, options, context)
  if (name === undefined || url === undefined)
    return command.error(`error: missing argument '${name === undefined ? 'name' : 'url'}'`)
  const run = hasDashes(program) ? [url, ...args] : null
  if (run === null && args.length > 0)
    return command.error(`error: a command to run stands after --: causeway add ${name} -- ${[url, ...args].join(' ')}`)
  const where = run === null ? behindUrl(url, options) : started(run, options)
  const body = JSON.stringify({ name, ...where, ...(await credentials(options, context)), ...described(options) })
  const api = await context.api()
  const what = run === null ? `connecting to ${shownUrl(url)}` : `starting ${plainText(shownArguments(run).join(' '))}`
  const gateway = await working(context.out, what, () => register(api, name, body))
  if (options.json === true) context.out.print(JSON.stringify(gateway, null, 2))
  else if (gateway['status'] === 'pending') explainPending(gateway, context.out)
  else await printFound(gateway, api, context.out)
}

/** Commander takes `--` out of the arguments and keeps it only here. */
function hasDashes(program: Command): boolean {
  return (program as Command & { readonly rawArgs: readonly string[] }).rawArgs.includes('--')
}

const EXAMPLES = [
  ['something to try things with', 'causeway add --example'],
  ['a server that answers over HTTP', 'causeway add everything http://127.0.0.1:3001/mcp'],
  ['one that is started by a command', 'causeway add memory -- npx -y @modelcontextprotocol/server-memory'],
  ['with a variable for it', 'causeway add github --env GITHUB_TOKEN=… -- npx -y some-github-server'],
  [
    'with a token from standard input',
    'echo "$TOKEN" | causeway add github https://api.githubcopilot.com/mcp/ --bearer -',
  ],
  ['with a header', "causeway add search https://mcp.example.com/mcp --header 'X-Api-Key: …'"],
  [
    'behind a private authority',
    'causeway add inner https://mcp.corp --ca corp.pem --client-cert me.pem --client-key me.key',
  ],
  ["all servers of a client's configuration, first only shown", 'causeway add --from ~/.cursor/mcp.json --dry-run'],
] as const

function started(run: readonly string[], options: Options): Record<string, unknown> {
  refuseUrlOptions(options)
  return stdioBody(run, options)
}

function behindUrl(url: string, options: Options): Record<string, unknown> {
  refuseStdioOptions(options)
  return urlBody(url, options)
}

export async function register(api: Api, name: string, body: string): Promise<Json> {
  try {
    return await api.json('POST', '/v1/gateways', body)
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== 'conflict') throw error
    // What bears the name may be hidden: then there is nothing to list or to remove.
    if (!error.message.includes('already exists')) throw error
    throw new CliError(`${error.message}: causeway list shows what there is, causeway remove ${name} makes room`, {
      code: 'conflict',
      status: 409,
    })
  }
}

const described = ({ description }: Options): object => (description === undefined ? {} : { description })

async function credentials({ bearer, basic, header = [] }: Options, { readStdin }: Context): Promise<object> {
  if ([bearer !== undefined, basic !== undefined, header.length > 0].filter(Boolean).length > 1)
    throw new CliError(
      '--bearer, --basic and --header exclude each other: an Authorization header can be given with --header',
    )
  const secret = async (given: string): Promise<string> => (given === '-' ? (await readStdin()).trim() : given)
  if (bearer !== undefined) return { authType: 'bearer', authToken: await secret(bearer) }
  if (basic !== undefined) {
    const pair = await secret(basic)
    const colon = pair.indexOf(':')
    if (colon < 1) throw new CliError('--basic must be USER:PASSWORD')
    return { authType: 'basic', authUsername: pair.slice(0, colon), authPassword: pair.slice(colon + 1) }
  }
  return header.length === 0 ? {} : { authType: 'authheaders', authHeaders: header.map(headerPair) }
}

function headerPair(text: string): { readonly key: string; readonly value: string } {
  const [, key, value] = /^([!#$%&'*+.^_`|~\w-]+):\s*(.*)$/.exec(text) ?? []
  if (key === undefined || value === undefined)
    throw new CliError(`--header must be 'Name: value', not ${JSON.stringify(text)}`)
  return { key, value }
}

function explainPending(gateway: Json, out: Terminal): void {
  const name = plainText(gateway['name'])
  out.print(`${name} is registered, but does not answer yet: ${plainText(gateway['lastError'])}`)
  if (gateway['transport'] === 'STDIO') out.print(`What it writes: npx causeway logs ${JSON.stringify(name)}`)
  out.print('It is tried again by itself, and its tools appear as soon as it answers.')
  out.print(`How it stands: npx causeway show ${JSON.stringify(name)}`)
}

export async function printFound(gateway: Json, api: Api, out: Terminal): Promise<void> {
  const server = plainText((gateway['serverInfo'] as Json | null | undefined)?.['name'])
  const era = [server, plainText(gateway['era']), plainText(gateway['protocolVersion'])].filter((part) => part !== '')
  out.print(
    `${out.green('added')} ${out.bold(plainText(gateway['name']))}${era.length === 0 ? '' : ` (${era.join(', ')})`}`,
  )
  await printOffers(gateway, api, out)
}

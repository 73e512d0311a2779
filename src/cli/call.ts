import { readFile } from 'node:fs/promises'
import { Option, type Command } from 'commander'
import { whyUnread } from '#/lib/why-unread.ts'
import type { Api, Json } from './api.ts'
import { askValues } from './ask-values.ts'
import { printResult } from './call-result.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { findTool, idOf } from './find.ts'
import { parametersOf } from './input-schema.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { mcpRequest } from './mcp-request.ts'
import { paramHeaders } from './param-headers.ts'
import { working } from './progress.ts'
import { plainText, printable, type Terminal } from './terminal.ts'
import {
  argumentsJson,
  exampleOf,
  missingOf,
  pairedArguments,
  wholeArguments,
  type Arguments,
} from './tool-arguments.ts'

interface Options {
  readonly arg?: readonly string[]
  readonly args?: string
  readonly jsonArgs?: string
  readonly interactive?: boolean
  readonly output?: string
  readonly verbose?: boolean
  readonly json?: boolean
}

const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value]

export function callCommand(program: Command, context: Context): void {
  const command = program
    .command('call')
    .description('call a tool; its arguments are typed as its schema says')
    .argument('<tool>', 'its name, its id, or a beginning that only one tool has')
    .option(
      '--arg <key=value>',
      'an argument, or key:=JSON; may be repeated, for a list also with the same key',
      collect,
    )
    .option('--args <json>', 'all arguments as a JSON object, @FILE, or - for standard input; --arg adds to it')
    .addOption(new Option('--json-args <json>', 'the same as --args').hideHelp())
    .option('-i, --interactive', 'ask for every argument that is not given, not only for the needed ones')
    .option('-o, --output <folder>', 'save images, sounds and resources of the answer there')
    .option('--verbose', 'show what the server logs meanwhile')
    .option(...JSON_OPTION)
    .action(async (name: string, options: Options) => {
      const api = await context.api()
      const tool = await findTool(api, name)
      const args = await argumentsOf(tool, options, context)
      const calling = { tool, isById: name === tool['id'], args, options, out: context.out }
      const result = await explained(tool, api, () => called(api, calling))
      if (options.json === true) context.out.print(JSON.stringify(result, null, 2))
      else await printResult(result, context.out, options.output)
      if (result['isError'] === true)
        throw new CliError(`${plainText(tool['name'])} reports an error; causeway show ${name} tells what it takes`, {
          code: 'tool_error',
        })
    })
  taught(command, {
    examples: [
      ['one argument', 'causeway call everything-echo --arg message=hello'],
      [
        'numbers and lists as the schema types them, JSON where you say so',
        `causeway call search --arg limit=5 --arg tags=a --arg tags=b --arg filter:='{"year": 2026}'`,
      ],
      [
        'arguments from a file, the picture into a folder',
        'causeway call charts-draw --args @chart.json --output pictures',
      ],
      ['on a terminal: asked for what is needed, with choices and defaults', 'causeway call github-create-issue'],
    ],
    next: 'causeway show TOOL prints what a tool takes. Ctrl-C cancels the call at its server.',
    completes: { tool: 'tool', '--arg': 'argument', '--args': 'file', '--output': 'file' },
  })
}

async function argumentsOf(tool: Json, options: Options, context: Context): Promise<Arguments> {
  const { inputSchema } = tool
  const { args: whole = options.jsonArgs, arg = [], json, interactive } = options
  const given = new Map([
    ...(whole === undefined ? [] : wholeArguments(await wholeText(whole, context), '--args')),
    ...pairedArguments(arg, inputSchema),
  ])
  const missing = missingOf(inputSchema, given)
  const asks = context.keyboard.present && json !== true && whole !== '-'
  if (interactive === true) {
    const open = parametersOf(inputSchema).filter(({ name }) => !given.has(name))
    return new Map([...given, ...(await askValues(open, context))])
  }
  if (missing.length === 0) return given
  if (asks) return new Map([...given, ...(await askValues(missing, context))])
  const shown = missing.map((one) => ` --arg ${exampleOf(one)}`).join('')
  const also = arg.map((pair) => ` --arg ${pair}`).join('')
  const name = plainText(tool['name'])
  throw new CliError(
    `${name} needs ${missing.map(({ name: needed }) => plainText(needed)).join(', ')}:\n  causeway call ${name}${also}${shown}`,
    { code: 'missing_argument', details: { missing: missing.map(({ name: needed }) => needed) } },
  )
}

async function wholeText(given: string, { readStdin }: Context): Promise<string> {
  if (given === '-') return await readStdin()
  if (!given.startsWith('@')) return given
  try {
    return await readFile(given.slice(1), 'utf8')
  } catch (cause) {
    throw new CliError(`${given.slice(1)} cannot be read: ${whyUnread(cause)}`, { cause, code: 'no_file' })
  }
}

interface Calling {
  readonly tool: Json
  /** Its id was said: the name may be another's, too. */
  readonly isById: boolean
  readonly args: Arguments
  readonly options: Options
  readonly out: Terminal
}

async function called(api: Api, { tool, isById, args, options, out }: Calling): Promise<Json> {
  const json = argumentsJson(args)
  const title = `calling ${plainText(tool['name'])}`
  const { gatewayId } = tool
  if (isById && typeof gatewayId !== 'string') {
    const path = `/v1/tools/${idOf(tool)}/call`
    return await working(out, title, () => api.json('POST', path, `{"arguments":${json}}`))
  }
  const [path, name] = isById
    ? [`/gateways/${plainText(gatewayId)}/mcp`, plainText(tool['originalName'])]
    : ['/mcp', plainText(tool['name'])]
  return await working(out, title, (say) =>
    mcpRequest(api, {
      path,
      method: 'tools/call',
      name,
      params: `"name":${JSON.stringify(name)},"arguments":${json}`,
      headers: paramHeaders(tool['inputSchema'], JSON.parse(json)),
      logLevel: options.verbose === true ? 'debug' : undefined,
      heard: (method, params) => {
        if (method === 'notifications/progress') say(progressText(params))
        else if (method === 'notifications/message') out.note(out.dim(logText(params)))
      },
    }),
  )
}

function progressText({ progress, total, message }: Json): string {
  const share = Number(progress) / Number(total)
  const counted = total === undefined ? plainText(progress) : `${plainText(progress)} of ${plainText(total)}`
  const bar = share >= 0 && share <= 1 ? '█'.repeat(Math.round(share * 20)).padEnd(20, '░') : ''
  return [bar, counted, plainText(message)].filter((part) => part !== '').join(' ')
}

function logText({ level, data }: Json): string {
  return `${plainText(level)}: ${printable(typeof data === 'string' ? data : JSON.stringify(data))}`
}

/** What is switched off is answered like what does not exist; here somebody asks who may know the difference. */
async function explained<T>(tool: Json, api: Api, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== 'call_failed') throw error
    const gateway = await api
      .json('GET', `/v1/gateways/${encodeURIComponent(plainText(tool['gatewayId']))}`)
      .catch(() => null)
    if (gateway?.['enabled'] !== false) throw error
    const name = plainText(gateway['name'])
    throw new CliError(`${name} is switched off, and its tools with it: causeway enable ${name}`, {
      cause: error,
      code: 'disabled',
    })
  }
}

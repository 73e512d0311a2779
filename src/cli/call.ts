import type { Command } from 'commander'
import type { Api, Json } from './api.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { findTool, idOf } from './find.ts'
import { plainText, printable, type Terminal } from './terminal.ts'
import { argumentsJson, isJson } from './tool-arguments.ts'

interface Options {
  readonly arg?: readonly string[]
  readonly jsonArgs?: string
  readonly json?: boolean
}

const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value]

export function callCommand(program: Command, context: Context): void {
  program
    .command('call')
    .description('call a tool')
    .argument('<tool>', 'its name, as causeway tools shows it')
    .option('--arg <key=value>', 'an argument; may be repeated', collect)
    .option('--json-args <json>', 'all arguments as a JSON object; - reads it from standard input')
    .option('--json', 'print the whole result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, options: Options) => {
      const api = await context.api()
      const tool = await findTool(api, name)
      const body = `{"arguments":${await argumentsOf(options, tool, context)}}`
      const { text } = await switchedOn(tool, api, () => api.request('POST', `/v1/tools/${idOf(tool)}/call`, body))
      const result = JSON.parse(text) as Json
      if (options.json === true) context.out.print(text)
      else printResult(result, context.out)
      if (result['isError'] === true)
        throw new CliError(`${name} reports an error; causeway tools ${name} shows what it takes`)
    })
}

/** What is switched off is answered like what does not exist; here somebody asks who may know the difference. */
async function switchedOn<T>(tool: Json, api: Api, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    const gateway = await api
      .json('GET', `/v1/gateways/${encodeURIComponent(plainText(tool['gatewayId']))}`)
      .catch(() => null)
    if (gateway?.['enabled'] !== false) throw error
    const name = plainText(gateway['name'])
    throw new CliError(`${name} is switched off, and its tools with it: causeway enable ${name}`, { cause: error })
  }
}

const EXAMPLES = `
Examples:
  causeway call everything-echo --arg message=hello
  causeway call everything-get-sum --json-args '{"a": 1, "b": 2}'
  causeway tools everything-get-sum                       what it takes`

async function argumentsOf({ arg = [], jsonArgs }: Options, tool: Json, { readStdin }: Context): Promise<string> {
  if (jsonArgs === undefined) return argumentsJson(arg, tool['inputSchema'])
  if (arg.length > 0) throw new CliError('--arg and --json-args exclude each other')
  const text = (jsonArgs === '-' ? await readStdin() : jsonArgs).trim()
  if (!text.startsWith('{') || !isJson(text)) throw new CliError('--json-args must be a JSON object')
  return text
}

function printResult(result: Json, out: Terminal): void {
  const content = Array.isArray(result['content']) ? (result['content'] as readonly Json[]) : []
  for (const part of content) out.print(contentLine(part))
  const structured = result['structuredContent']
  if (content.length === 0 && structured !== undefined) out.print(printable(JSON.stringify(structured, null, 2)))
}

function contentLine(part: Json): string {
  if (part['type'] === 'text' && typeof part['text'] === 'string') return printable(part['text'])
  const { data } = part
  const size = typeof data === 'string' ? `, ${Math.floor((data.length * 3) / 4)} bytes` : ''
  const name = plainText(part['uri'] ?? (part['resource'] as Json | undefined)?.['uri'] ?? part['mimeType'])
  return `[${plainText(part['type'])} ${name}${size}; --json shows it]`
}

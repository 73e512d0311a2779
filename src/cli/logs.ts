import { InvalidArgumentError, type Command } from 'commander'
import { SseReader } from '#/lib/sse.ts'
import { failure, type Api, type Json } from './api.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { findGateway, idOf } from './find.ts'
import { taught } from './lesson.ts'
import { plainText, printable, type Terminal } from './terminal.ts'

interface Options {
  readonly follow?: boolean
  readonly tail: number
  readonly json?: boolean
}

export function logsCommand(program: Command, { api, out, stop }: Context): void {
  const command = program
    .command('logs')
    .description('what a server that is started by a command writes to stderr')
    .argument('<name>', 'its name, its id, or a beginning that only it has')
    .option('-f, --follow', 'go on with what it writes from now on')
    .option('-n, --tail <lines>', 'begin with so many of its last lines', lineCount, 100)
    .option('--json', 'print one JSON document; with --follow one JSON object a line')
    .action(async (name: string, options: Options) => {
      const connection = await api()
      const gateway = await findGateway(connection, name)
      if (gateway['transport'] !== 'STDIO')
        throw new CliError(`${plainText(gateway['name'])} is not started by a command, so its log is where it runs`)
      const path = `/v1/gateways/${idOf(gateway)}/logs?tail=${options.tail}`
      const print = (line: Json): void => printLine(line, options, out)
      if (options.follow !== true) showLines(await lastLines(connection, path), options, out)
      else await follow(connection, `${path}&follow=true`, { print, signal: AbortSignal.any([stop, out.gone]) })
    })
  taught(command, {
    examples: [
      ['Why does it not start?', 'causeway logs files'],
      ['Watch it while you call its tools', 'causeway logs files -f --tail 10'],
    ],
    completes: { name: 'gateway' },
  })
}

async function lastLines(api: Api, path: string): Promise<readonly Json[]> {
  const lines: unknown = JSON.parse((await api.request('GET', path)).text)
  return Array.isArray(lines) ? (lines as readonly Json[]) : []
}

interface Following {
  readonly print: (line: Json) => void
  readonly signal: AbortSignal
}

async function follow(api: Api, path: string, { print, signal }: Following): Promise<void> {
  const answer = await api.send('GET', path, { headers: { accept: 'text/event-stream' }, signal })
  if (!answer.ok) throw failure(answer, await answer.text(), api.url)
  let data: Buffer[] = []
  const reader = new SseReader({
    data: (chunk) => data.push(Buffer.from(chunk)),
    endEvent: () => {
      if (data.length > 0) print(JSON.parse(Buffer.concat(data).toString()) as Json)
      data = []
    },
    invalid: (why) => {
      throw new CliError(`the log is not an event stream: ${why}`)
    },
  })
  try {
    for await (const chunk of answer.body ?? []) reader.push(Buffer.from(chunk as Uint8Array))
  } catch (error) {
    if (!signal.aborted) throw error
  }
  if (!signal.aborted) throw new CliError('the gateway ended the log: it stops, or the server was changed or removed')
}

function showLines(lines: readonly Json[], options: Options, out: Terminal): void {
  if (options.json === true) return out.print(JSON.stringify(lines, null, 2))
  for (const line of lines) printLine(line, options, out)
}

function printLine(line: Json, { json }: Options, out: Terminal): void {
  if (json === true) return out.print(JSON.stringify(line))
  const { stream } = line
  const said = printable(typeof line['text'] === 'string' ? line['text'] : '')
  const at = out.dim(plainText(line['at']))
  const text = stream === 'host' ? out.dim(`— ${said}`) : stream === 'stdout' ? `${out.dim('stdout:')} ${said}` : said
  out.print(`${at} ${text}`)
}

function lineCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 0 || count > 1000)
    throw new InvalidArgumentError('it must be 0 to 1000 lines.')
  return count
}

import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { failure, type Json } from './api.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { working } from './progress.ts'
import { tableLines } from './table.ts'
import { plainText } from './terminal.ts'

interface Filter {
  readonly actor?: string
  readonly action?: string
  readonly target?: string
  readonly since?: string
  readonly until?: string
}

export function auditCommands(program: Command, context: Context): void {
  const audit = program.command('audit').description('the record of administrative changes: read, check, take away')
  list(audit, context)
  verify(audit, context)
  takeAway(audit, context)
  taught(audit, {
    examples: [
      ['what was changed lately', 'causeway audit list'],
      ['is the record as it was written?', 'causeway audit verify'],
      ['all of it, as a file', 'causeway audit export --out audit.jsonl'],
    ],
  })
}

function filtered(command: Command): Command {
  return command
    .option('--actor <who>', 'who did it, such as ann@example.com')
    .option('--action <name>', 'an action such as gateways.update, or its noun: gateways')
    .option('--target <id>', 'to this thing')
    .option('--since <time>', 'from this time on, such as 2026-01-31 or 2026-01-31T12:00:00Z')
    .option('--until <time>', 'before this time')
}

function queryOf({ actor, action, target, since, until }: Filter): URLSearchParams {
  const given = { actor, action, target_id: target, since, until }
  return new URLSearchParams(Object.entries(given).filter((each): each is [string, string] => each[1] !== undefined))
}

interface ListOptions extends Filter {
  readonly limit: number
  readonly json?: boolean
}

function list(audit: Command, { api, out }: Context): void {
  const command = filtered(audit.command('list').description('administrative changes, newest first'))
    .option('-n, --limit <count>', 'at most so many', count, 50)
    .option(...JSON_OPTION)
    .action(async (options: ListOptions) => {
      const query = queryOf(options)
      query.set('limit', String(options.limit))
      const { records } = await (await api()).json('GET', `/v1/audit?${query.toString()}`)
      const found = records as readonly Json[]
      if (options.json === true) return out.print(JSON.stringify(found, null, 2))
      const rows = found.map(({ seq, at, actor, action, target_kind: kind, target_id: id, detail }) => [
        plainText(seq),
        plainText(at),
        plainText(actor),
        plainText(action),
        plainText((detail as Json)['name'] ?? `${plainText(kind)} ${plainText(id)}`),
      ])
      for (const line of tableLines(['NO', 'AT', 'WHO', 'DID', 'TO'], rows, out)) out.print(line)
    })
  taught(command, {
    examples: [
      ['the last ones', 'causeway audit list'],
      ['who changed servers since Monday?', 'causeway audit list --action gateways --since 2026-11-30'],
      ['all that is recorded of each', 'causeway audit list --limit 5 --json'],
    ],
  })
}

function verify(audit: Command, { api, out }: Context): void {
  const command = audit
    .command('verify')
    .description('whether the record is as it was written; finds what was changed, deleted, inserted or moved')
    .option('--head <hex>', 'a head that was noted earlier: it must still be one of this record’s')
    .option(...JSON_OPTION)
    .action(async ({ head, json }: { readonly head?: string; readonly json?: boolean }) => {
      const connection = await api()
      const path = `/v1/audit/verify${head === undefined ? '' : `?head=${encodeURIComponent(head)}`}`
      const said = await working(out, 'going through the record', () => connection.json('GET', path))
      const records = Number(said['records']).toLocaleString('en')
      if (json === true) out.print(JSON.stringify(said, null, 2))
      else if (said['intact'] === true) {
        out.print(`${out.green('intact')}: ${records} records`)
        if (said['forgotten_through'] !== null)
          out.print(
            `those up to number ${plainText(said['forgotten_through'])} were forgotten when their time was over`,
          )
        out.print(`head ${plainText(said['head'])}`)
      }
      if (said['intact'] === true) return
      const where = said['seq'] === null ? 'at its end' : `at number ${plainText(said['seq'])}`
      throw new CliError(`the record is not intact ${where}: ${plainText(said['why'])}; ${records} before were good`, {
        code: 'not_intact',
      })
    })
  taught(command, {
    examples: [
      ['now', 'causeway audit verify'],
      ['against a head that was noted last month', `causeway audit verify --head ${'5f'.repeat(32)}`],
    ],
    next: 'Note the head somewhere else: who can write to the database could write all of the record anew, but not that note.',
  })
}

interface ExportOptions extends Filter {
  readonly format: 'jsonl' | 'csv'
  readonly out?: string
}

function takeAway(audit: Command, context: Context): void {
  const command = filtered(audit.command('export').description('the record as JSON lines or CSV, oldest first'))
    .addOption(new Option('--format <name>', 'of the lines').choices(['jsonl', 'csv']).default('jsonl'))
    .option('--out <file>', 'where to; standard output unless said')
    .action(async (options: ExportOptions) => {
      const connection = await context.api()
      const query = queryOf(options)
      query.set('format', options.format)
      const answer = await connection.send('GET', `/v1/audit/export?${query.toString()}`, {
        headers: { accept: '*/*' },
      })
      if (!answer.ok) throw failure(answer, await answer.text(), connection.url)
      if (options.out === undefined) return await printed(answer, context)
      const { out } = options
      const count = await working(context.out, `writing ${out}`, () => written(answer, out, context.stop))
      context.out.note(`${count.toLocaleString('en')} bytes are in ${out}`)
    })
  taught(command, {
    examples: [
      ['all of it', 'causeway audit export --out audit.jsonl'],
      ['for a spreadsheet', 'causeway audit export --format csv --since 2026-01-01 --out audit.csv'],
    ],
    completes: { '--out': 'file' },
  })
}

const NOTHING = new ReadableStream<Uint8Array<ArrayBuffer>>({ start: (controller) => controller.close() })

async function printed({ body }: Response, { out }: Context): Promise<void> {
  let rest = ''
  for await (const text of (body ?? NOTHING).pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) out.print(line)
  }
}

/** Beside the file first: a record that was cut off is not taken for a whole one. */
async function written({ body }: Response, path: string, signal: AbortSignal): Promise<number> {
  const beside = `${path}.${process.pid}.part`
  const file = createWriteStream(beside, { mode: 0o600, flags: 'wx' })
  try {
    await pipeline(body ?? NOTHING, file, { signal })
    await rename(beside, path)
    return file.bytesWritten
  } catch (cause) {
    await rm(beside, { force: true })
    if (signal.aborted) throw cause
    throw new CliError(`${path} could not be written: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
}

function count(text: string): number {
  const value = Number(text)
  if (!(Number.isInteger(value) && value >= 1 && value <= 500)) throw new InvalidArgumentError('it must be 1 to 500.')
  return value
}

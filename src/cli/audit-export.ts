import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { Option, type Command } from 'commander'
import { failure } from './api.ts'
import { filtered, queryOf, type Filter } from './audit-filter.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { taught } from './lesson.ts'
import { working } from './progress.ts'

interface ExportOptions extends Filter {
  readonly format: 'jsonl' | 'csv'
  readonly out?: string
}

export function exportCommand(audit: Command, context: Context): void {
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

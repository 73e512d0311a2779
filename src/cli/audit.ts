import type { Command } from 'commander'
import type { Json } from './api.ts'
import { exportCommand } from './audit-export.ts'
import { count, filtered, queryOf, type Filter } from './audit-filter.ts'
import { targetOf, whatOf } from './audit-what.ts'
import { refusalsCommand } from './audit-refusals.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { JSON_OPTION, taught } from './lesson.ts'
import { working } from './progress.ts'
import { tableLines } from './table.ts'
import { plainText, type Terminal } from './terminal.ts'

export function auditCommands(program: Command, context: Context): void {
  const audit = program.command('audit').description('the record of administrative changes: read, check, take away')
  list(audit, context)
  verify(audit, context)
  exportCommand(audit, context)
  refusalsCommand(audit, context)
  taught(audit, {
    examples: [
      ['what was changed lately', 'causeway audit list'],
      ['is the record as it was written?', 'causeway audit verify'],
      ['who was not let in?', 'causeway audit refusals'],
      ['all of it, as a file', 'causeway audit export --out audit.jsonl'],
    ],
  })
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
      const rows = found.map((record) => [
        ...[record['seq'], record['at'], record['actor'], record['action']].map(plainText),
        targetOf(record),
        whatOf(record),
      ])
      for (const line of tableLines(['NO', 'AT', 'WHO', 'DID', 'TO', 'WHAT'], rows, out)) out.print(line)
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
    .description(
      'whether the record is as it was written; finds what was changed, deleted, inserted, moved, cut off or put back',
    )
    .option('--head <hex>', 'a head that was noted earlier: it must still be one of this record’s')
    .option(...JSON_OPTION)
    .action(async ({ head, json }: { readonly head?: string; readonly json?: boolean }) => {
      const connection = await api()
      const path = `/v1/audit/verify${head === undefined ? '' : `?head=${encodeURIComponent(head)}`}`
      const said = await working(out, 'going through the record', () => connection.json('GET', path))
      if (json === true) out.print(JSON.stringify(said, null, 2))
      else if (said['intact'] === true) for (const line of intactLines(said, out)) out.print(line)
      judged(said, 'the record of changes')
      judged(said['security_log'] as Json, 'the record of refusals')
      if (json !== true) out.print(`${out.green('intact')}: ${counted(said['security_log'] as Json)} refusals`)
    })
  taught(command, {
    examples: [
      ['now', 'causeway audit verify'],
      ['against a head that was noted last month', `causeway audit verify --head ${'5f'.repeat(32)}`],
    ],
    next: 'Note the head somewhere else: who holds the key ring could write all of the record anew, but not that note.',
  })
}

const counted = (verdict: Json): string => Number(verdict['records']).toLocaleString('en')

function intactLines(said: Json, out: Terminal): readonly string[] {
  const forgotten = said['forgotten_through']
  return [
    `${out.green('intact')}: ${counted(said)} changes`,
    ...(forgotten === null
      ? []
      : [`those up to number ${plainText(forgotten)} were forgotten when their time was over`]),
    sealedLine(said),
    `head ${plainText(said['head'])}`,
  ]
}

function sealedLine({ sealed_from: from }: Json): string {
  return from === null
    ? 'sealed by the end alone: no record was written since'
    : `sealed from number ${plainText(from)} on`
}

function judged(verdict: Json, what: string): void {
  if (verdict['intact'] === true) return
  const where = verdict['seq'] === null ? 'at its end' : `at number ${plainText(verdict['seq'])}`
  const before = `${counted(verdict)} before were good`
  throw new CliError(`${what} is not intact ${where}: ${plainText(verdict['why'])}; ${before}`, { code: 'not_intact' })
}

import { setTimeout as sleep } from 'node:timers/promises'
import { InvalidArgumentError, type Command } from 'commander'
import type { Json } from './api.ts'
import type { Context } from './context.ts'
import { tableLines } from './table.ts'
import { plainText, type Terminal } from './terminal.ts'

interface Options {
  readonly once?: boolean
  readonly json?: boolean
  readonly interval: number
}

export function watchCommands(program: Command, { api, out }: Context): void {
  program
    .command('watch')
    .description('watch the gateway at work')
    .command('db')
    .description('database connections by the part of the gateway that uses them, live')
    .option('--once', 'print one table and end')
    .option('--interval <seconds>', 'between two tables', seconds, 1)
    .option('--json', 'print one JSON object a line')
    .action(async (options: Options) => {
      const connection = await api()
      for (;;) {
        const answer = await connection.json('GET', '/v1/database/activity')
        if (options.json === true) out.print(JSON.stringify(answer))
        else printActivity(answer, out, options.once !== true)
        if (options.once === true) return
        await sleep(options.interval * 1000)
      }
    })
}

function printActivity(answer: Json, out: Terminal, live: boolean): void {
  const activity = Array.isArray(answer['activity']) ? (answer['activity'] as readonly Json[]) : []
  const rows = activity.map((one) => [
    plainText(one['source']),
    plainText(one['state']),
    plainText(one['count']),
    age(one['avgAgeMs']),
    age(one['maxAgeMs']),
  ])
  const lines = tableLines(['source', 'state', 'count', 'avg_age', 'max_age'], rows, out)
  const clear = live && out.isTTY ? '\u001B[H\u001B[J' : ''
  out.print(clear + lines.join('\n'))
  if (live && !out.isTTY) out.print('')
}

/** Milliseconds as people read them. */
function age(value: unknown): string {
  const ms = Number(value ?? 0)
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

function seconds(text: string): number {
  const value = Number(text)
  if (!(value >= 0.1 && value <= 3600)) throw new InvalidArgumentError('it must be 0.1 to 3600 seconds.')
  return value
}

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
        const { text } = await connection.request('GET', '/v1/database/activity')
        if (options.json === true) out.print(text)
        else printActivity(JSON.parse(text) as readonly Json[], out, options.once !== true)
        if (options.once === true) return
        await sleep(options.interval * 1000, undefined, { signal: out.gone }).catch(() => undefined)
        if (out.gone.aborted) return
      }
    })
}

function printActivity(activity: readonly Json[], out: Terminal, live: boolean): void {
  const rows = activity.map((one) => [
    plainText(one['source']),
    plainText(one['state']),
    plainText(one['count']),
    age(one['avgAge']),
    age(one['maxAge']),
  ])
  const lines = tableLines(['source', 'state', 'count', 'avg_age', 'max_age'], rows, out)
  const clear = live && out.isTTY ? '\u001B[H\u001B[J' : ''
  out.print(clear + lines.join('\n'))
  if (live && !out.isTTY) out.print('')
}

/** Seconds as people read them. */
function age(value: unknown): string {
  const age = Number(value ?? 0)
  return age < 1 ? `${Math.round(age * 1000)} ms` : `${age.toFixed(1)} s`
}

function seconds(text: string): number {
  const value = Number(text)
  if (!(value >= 0.1 && value <= 3600)) throw new InvalidArgumentError('it must be 0.1 to 3600 seconds.')
  return value
}

import { setTimeout as sleep } from 'node:timers/promises'
import { InvalidArgumentError, type Command } from 'commander'
import type { Api } from './api.ts'
import type { Context } from './context.ts'
import { JSON_OPTION } from './lesson.ts'

export interface WatchOptions {
  readonly once?: boolean
  readonly json?: boolean
  readonly interval: number
}

export function withWatchOptions(command: Command, fallback: number): Command {
  return command
    .option('--once', 'print one table and end')
    .option('--interval <seconds>', 'between two tables', seconds, fallback)
    .option(JSON_OPTION[0], 'print one JSON document a line')
}

interface Shown {
  /** For programs. */
  readonly json: unknown
  /** For people. */
  readonly lines: readonly string[]
}

/** Shows what `look` finds again and again until nobody looks any more. */
export async function keepShowing(
  { api, out, stop }: Context,
  { once, json, interval }: WatchOptions,
  look: (api: Api) => Promise<Shown>,
): Promise<void> {
  const connection = await api()
  const end = AbortSignal.any([stop, out.gone])
  while (!end.aborted) {
    const { json: document, lines } = await look(connection)
    // The whole picture in one write: nothing flickers.
    if (json === true) out.print(JSON.stringify(document))
    else if (once === true) out.print(lines.join('\n'))
    else out.print(out.redraws ? `\u001B[H\u001B[J${lines.slice(0, out.rows - 1).join('\n')}` : `${lines.join('\n')}\n`)
    if (once === true) return
    await sleep(interval * 1000, undefined, { signal: end }).catch(() => undefined)
  }
}

function seconds(text: string): number {
  const value = Number(text)
  if (!(value >= 0.1 && value <= 3600)) throw new InvalidArgumentError('it must be 0.1 to 3600 seconds.')
  return value
}

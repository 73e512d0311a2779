import type { Command } from 'commander'
import type { Json } from './api.ts'
import type { Context } from './context.ts'
import { taught } from './lesson.ts'
import { tableLines } from './table.ts'
import { plainText } from './terminal.ts'
import { duration } from './units.ts'
import { keepShowing, withWatchOptions, type WatchOptions } from './keep-showing.ts'

const HEAD = ['source', 'state', 'count', 'avg_age', 'max_age']

export function watchDb(watch: Command, context: Context): void {
  const command = withWatchOptions(
    watch.command('db').description('database connections by the part of the gateway that uses them, live'),
    1,
  ).action(async (options: WatchOptions) => {
    await keepShowing(context, options, async (api) => {
      const { text } = await api.request('GET', '/v1/database/activity')
      const activity = JSON.parse(text) as readonly Json[]
      return { json: activity, lines: tableLines(HEAD, activity.map(row), context.out) }
    })
  })
  taught(command, {
    examples: [
      ['live; Ctrl-C ends it', 'causeway watch db'],
      ['one look, for a program', 'causeway watch db --once --json'],
    ],
    next: 'a source that stays "idle in transaction" is a defect of ours: please report it.',
  })
}

function row({ source, state, count, avgAge, maxAge }: Json): readonly string[] {
  return [plainText(source), plainText(state), plainText(count), duration(avgAge), duration(maxAge)]
}

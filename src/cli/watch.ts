import type { Command } from 'commander'
import type { Context } from './context.ts'
import { taught } from './lesson.ts'
import { watchCalls } from './watch-calls.ts'
import { watchDb } from './watch-db.ts'

export function watchCommands(program: Command, context: Context): void {
  const watch = program.command('watch').description('watch the gateway at work')
  watchCalls(watch, context)
  watchDb(watch, context)
  taught(watch, {
    examples: [
      ['calls per tool', 'causeway watch calls'],
      ['connections to the database', 'causeway watch db'],
    ],
  })
}

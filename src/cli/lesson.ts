import type { Command } from 'commander'
import { wrapped } from './text.ts'

/** What an argument or the value of an option can be, for completion. */
export type Completes =
  | 'gateway'
  | 'tool'
  | 'server'
  | 'token'
  | 'user'
  | 'team'
  | 'role'
  | 'permission'
  | 'gateway-or-tool'
  | 'argument'
  | 'file'

/** What a command's help says besides its arguments and options. */
export interface Lesson {
  /** What it is for, and the line to type. */
  readonly examples: readonly (readonly [what: string, line: string])[]
  /** What one does afterwards. */
  readonly next?: string | undefined
  /** By the name of the argument or of the option (`--server`). */
  readonly completes?: Readonly<Record<string, Completes>>
}

const LESSONS = new WeakMap<Command, Lesson>()

/** Adds examples and what to do next to a command's help, and keeps them for completion and the reference. */
export function taught(command: Command, lesson: Lesson): Command {
  LESSONS.set(command, lesson)
  return command.addHelpText('after', () => lessonText(lesson, helpWidth(command)))
}

export const lessonOf = (command: Command): Lesson | undefined => LESSONS.get(command)

function lessonText({ examples, next }: Lesson, width: number): string {
  const shown = examples.map(([what, line]) => `  # ${what}\n  ${line}`).join('\n')
  const after = next === undefined ? '' : `\n\nNext: ${wrapped(next, width - 6).join('\n      ')}`
  return `\nExamples:\n${shown}${after}`
}

function helpWidth(command: Command): number {
  return command.configureOutput().getOutHelpWidth?.() ?? 100
}

/** The same words for the same options everywhere. */
export const JSON_OPTION = ['--json', 'print one JSON document instead of text'] as const
export const YES_OPTION = ['-y, --yes', 'do not ask'] as const

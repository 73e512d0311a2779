import type { Argument, Command, Option } from 'commander'
import { lessonOf, type Completes } from './lesson.ts'

/** One word that would fit, and what it stands for. */
export interface Candidate {
  readonly value: string
  readonly about: string
}

/** What is to be looked up: things by their names, or a file, which the shell knows itself. */
export interface Lookup {
  readonly kind: Completes
  /** What stands before it on the line, without options. */
  readonly positional: readonly string[]
}

export interface Completed {
  readonly candidates: readonly Candidate[]
  readonly lookup: Lookup | null
}

interface Place {
  readonly command: Command
  readonly positional: readonly string[]
  /** The option whose value comes now. */
  readonly valueOf: Option | undefined
  readonly onlyPositional: boolean
}

/** What could stand for the last of `words`, which may have begun. The words are those after `causeway`. */
export function complete(program: Command, words: readonly string[]): Completed {
  const current = words.at(-1) ?? ''
  const { command, positional, valueOf, onlyPositional } = placeOf(program, words.slice(0, -1))
  const lesson = lessonOf(command)?.completes ?? {}
  if (valueOf !== undefined) {
    const candidates = (valueOf.argChoices ?? []).map((value) => ({ value, about: '' }))
    return { candidates: starting(candidates, current), lookup: lookup(lesson[valueOf.long ?? ''], positional) }
  }
  const joined = /^(--[\w-]+=)(.*)$/s.exec(current)
  if (joined !== null && !onlyPositional) return afterEquals(program, words, joined)
  if (current.startsWith('-') && !onlyPositional) return { candidates: options(command, current), lookup: null }
  const argument = argumentAt(command, positional.length)
  const subcommands = positional.length === 0 ? command.createHelp().visibleCommands(command) : []
  const candidates = [
    ...subcommands.map((one) => ({ value: one.name(), about: one.description() })),
    ...(argument?.argChoices ?? []).map((value) => ({ value, about: '' })),
  ]
  return { candidates: starting(candidates, current), lookup: lookup(lesson[argument?.name() ?? ''], positional) }
}

/** `--by=to` is the same as `--by to`, in one word. What would have to be looked up is not. */
function afterEquals(
  program: Command,
  words: readonly string[],
  [, begun = '', rest = '']: RegExpExecArray,
): Completed {
  const { candidates } = complete(program, [...words.slice(0, -1), begun.slice(0, -1), rest])
  return { candidates: candidates.map(({ value, about }) => ({ value: begun + value, about })), lookup: null }
}

function placeOf(program: Command, words: readonly string[]): Place {
  let command = program
  let positional: string[] = []
  let valueOf: Option | undefined
  let onlyPositional = false
  for (const word of words) {
    if (valueOf !== undefined) valueOf = undefined
    else if (onlyPositional) positional.push(word)
    else if (word === '--') onlyPositional = true
    else if (word.startsWith('-')) valueOf = optionWithValue(command, word)
    else {
      const child = positional.length === 0 ? command.commands.find((one) => one.name() === word) : undefined
      if (child === undefined) positional.push(word)
      else [command, positional] = [child, []]
    }
  }
  return { command, positional, valueOf, onlyPositional }
}

function optionWithValue(command: Command, word: string): Option | undefined {
  const found = lineage(command)
    .flatMap((one) => one.options)
    .find(({ long, short }) => word === long || word === short)
  return found !== undefined && found.required ? found : undefined
}

/** The last one may take all the rest. */
function argumentAt({ registeredArguments }: Command, at: number): Argument | undefined {
  const last = registeredArguments.at(-1)
  return registeredArguments[at] ?? (last?.variadic === true ? last : undefined)
}

/** The command and those above it, whose options hold for it too. */
function lineage(command: Command): readonly Command[] {
  return command.parent === null ? [command] : [command, ...lineage(command.parent)]
}

function options(command: Command, current: string): readonly Candidate[] {
  const own = command.createHelp().visibleOptions(command)
  const shared = lineage(command).flatMap((one) => (one === command ? [] : one.options))
  return starting(
    [...own, ...shared.filter(({ long }) => long !== '--version')].map((one) => ({
      value: one.long ?? one.short ?? '',
      about: one.description,
    })),
    current,
  )
}

export function starting(candidates: readonly Candidate[], current: string): readonly Candidate[] {
  return candidates.filter(({ value }) => value.startsWith(current))
}

const lookup = (kind: Completes | undefined, positional: readonly string[]): Lookup | null =>
  kind === undefined ? null : { kind, positional }

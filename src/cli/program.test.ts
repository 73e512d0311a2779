import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { complete } from './complete.ts'
import { lessonOf } from './lesson.ts'
import { describedProgram } from './program.ts'

interface Listed {
  readonly path: string
  readonly command: Command
}

function walk(command: Command, path: string): readonly Listed[] {
  const below = command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help')
  return [{ path, command }, ...below.flatMap((one) => walk(one, `${path} ${one.name()}`))]
}

const program = await describedProgram()
const names = (command: Command) => command.options.map(({ long, short }) => long ?? short ?? '')
const all = walk(program, 'causeway')
const leaves = all.filter(({ command }) => command.commands.length === 0)

/** Commands whose output is for another program already, or that run until they are stopped. */
const WITHOUT_JSON = ['serve', 'bridge', 'example', 'completion', 'audit export'].map((name) => `causeway ${name}`)

/** Completion knows every command. */
const single = program.commands.map((command) => command.name()).filter((name) => name !== 'complete')

test.each(single)('a line that begins with %s loads what makes that and no more', async (name) => {
  const { commands } = await describedProgram([name, '--json'])
  expect(commands.map((one) => one.name())).toContain(name)
  expect(commands.length).toBeLessThanOrEqual(2)
})

test.each([['--help'], ['help', 'call'], ['complete', '--', 'cal'], ['unheard-of']])(
  '%s … is about all of them',
  async (...line) => {
    expect((await describedProgram(line)).commands.length).toBe(program.commands.length)
  },
)

describe('help teaches', () => {
  test.each(all)('$path', ({ path, command }) => {
    expect(command.description()).toMatch(/^\S.{8,}$/u)
    for (const argument of command.registeredArguments) expect(argument.description, argument.name()).not.toBe('')
    for (const option of command.options) expect(option.description, option.flags).not.toBe('')
    const lesson = lessonOf(command)
    expect(lesson?.examples.length).toBeGreaterThanOrEqual(2)
    expect(lesson?.examples.length).toBeLessThanOrEqual(8)
    const own = lesson?.examples.filter(([, line]) => line.includes(path)) ?? []
    expect(own.length, path).toBeGreaterThan(0)
  })

  test.each(leaves)('$path has --json', ({ path, command }) => {
    const has = command.options.some(({ long }) => long === '--json')
    expect(has).toBe(!WITHOUT_JSON.includes(path))
  })

  test.each(leaves)('what the examples of $path say exists', ({ command }) => {
    const lines = lessonOf(command)?.examples.map(([, line]) => line) ?? []
    const unknown = lines.flatMap((line) =>
      [...line.matchAll(/(?:^|[\s(])causeway ([^|)&]*)/g)].flatMap(([, said = '']) => strange(said)),
    )
    expect(unknown).toEqual([])
  })

  test('what is to be completed is there', () => {
    for (const { path, command } of all) {
      const known = [...command.registeredArguments.map((one) => one.name()), ...names(command), ...names(program)]
      for (const name of Object.keys(lessonOf(command)?.completes ?? {})) expect(known, path).toContain(name)
    }
  })
})

/** Words of an example that no command knows: an option that is none, a command that is none. */
function strange(line: string): readonly string[] {
  const words = line.trim().split(/\s+/)
  const wrong: string[] = []
  for (const [at, word] of words.entries()) {
    if (word === '--') break
    const before = words.slice(0, at)
    const offered = complete(program, [...before, /^--?[a-z]/.test(word) ? '-' : '']).candidates.map(
      ({ value }) => value,
    )
    if (/^--[a-z]/.test(word) && !offered.includes(word.split('=')[0] ?? '')) wrong.push(word)
    const isCommand = offered.some((value) =>
      all.some(({ path }) => path === `causeway ${[...before, value].join(' ')}`),
    )
    if (isCommand && !word.startsWith('-') && !offered.includes(word)) wrong.push(word)
  }
  return wrong
}

describe('completion', () => {
  const values = (...words: string[]): readonly string[] =>
    complete(program, words).candidates.map(({ value }) => value)

  test('commands, subcommands, options and choices', () => {
    expect(values('ca')).toEqual(['call'])
    expect(values('server', '')).toEqual(expect.arrayContaining(['list', 'create', 'delete']))
    expect(values('list', '--j')).toEqual(['--json'])
    expect(values('watch', 'calls', '--by', '')).toEqual(['tool', 'gateway', 'all'])
    expect(values('watch', 'calls', '--by=g')).toEqual(['--by=gateway'])
    expect(values('completion', 'z')).toEqual(['zsh'])
    expect(values('nonsense', '')).toEqual([])
    expect(values('')).not.toContain('complete')
  })

  test.each([
    [['call', ''], { kind: 'tool', positional: [] }],
    [['call', '--json', ''], { kind: 'tool', positional: [] }],
    [['call', '--args', ''], { kind: 'file', positional: [] }],
    [['call', 'x', '--arg', ''], { kind: 'argument', positional: ['x'] }],
    [['call', 'x', ''], null],
    [['server', 'add', 'x', 'y', ''], { kind: 'tool', positional: ['x', 'y'] }],
    [['remove', '--', '-'], { kind: 'gateway', positional: [] }],
    [['watch', ''], null],
  ])('%j looks up %j', (words, lookup) => {
    expect(complete(program, words).lookup).toEqual(lookup)
  })
})

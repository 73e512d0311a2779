import type { Argument, Command, Option } from 'commander'
import { lessonOf } from '../src/cli/lesson.ts'
import { describedProgram } from '../src/cli/program.ts'
import { cell, generated, table } from './generated-file.ts'

// docs/reference/cli.md from the commands themselves: what their help says.

const path = (command: Command): string =>
  command.parent === null ? command.name() : `${path(command.parent)} ${command.name()}`

const listed = (command: Command): readonly Command[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help')

const argumentRow = (argument: Argument): readonly string[] => [
  `\`${argument.required ? `<${argument.name()}>` : `[${argument.name()}]`}\``,
  cell(argument.description + choices(argument.argChoices) + standard(argument.defaultValue)),
]

const optionRow = (option: Option): readonly string[] => [
  `\`${option.flags}\``,
  cell(option.description + choices(option.argChoices) + standard(option.defaultValue)),
]

const choices = (values: readonly string[] | undefined): string =>
  values === undefined ? '' : ` (one of ${values.join(', ')})`

const standard = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? ` (${String(value)} unless given)` : ''

function section(command: Command, depth: number): string {
  const parts = [`${'#'.repeat(depth)} ${path(command)}`]
  const description = command.description()
  if (description !== '') parts.push(`${description.slice(0, 1).toUpperCase()}${description.slice(1)}.`)
  const children = listed(command)
  if (children.length === 0) parts.push(`\`\`\`text\n${path(command)} ${command.usage()}\n\`\`\``)
  const options = command.options.filter((option) => !option.hidden)
  const rows = [...command.registeredArguments.map(argumentRow), ...options.map(optionRow)]
  if (rows.length > 0) parts.push(table(['', ''], rows))
  const lesson = lessonOf(command)
  if (lesson !== undefined) {
    const lines = lesson.examples.map(([what, line]) => `# ${what}\n${line}`)
    parts.push(`\`\`\`sh no-run: examples of the help, which a test parses\n${lines.join('\n')}\n\`\`\``)
    if (lesson.next !== undefined) parts.push(lesson.next)
  }
  return [parts.join('\n\n'), ...children.map((child) => section(child, depth + 1))].join('\n\n')
}

const program = await describedProgram()
const commands = listed(program)
const overview = commands.map((one) => [
  `[\`${path(one)}\`](#${path(one).replaceAll(' ', '-')})`,
  cell(one.description()),
])

await generated(
  'docs/reference/cli.md',
  `# Commands

<!-- Made by scripts/generate-cli-reference.ts. -->

\`causeway COMMAND --help\` says the same at the prompt. Commands talk to the gateway of this machine, or to \`CAUSEWAY_URL\` with
\`CAUSEWAY_TOKEN\`. They end with 0 when it is done, 1 when it failed, 2 when the command or a setting was not understood, 130
after Ctrl-C. With \`--json\` standard output is one JSON document, and a failure is \`{"error": {"code", "message"}}\` on standard
error.

${table(['command', ''], overview)}

${commands.map((command) => section(command, 2)).join('\n\n')}
`,
)

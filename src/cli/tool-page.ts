import type { Json } from './api.ts'
import { parametersOf, typeText } from './input-schema.ts'
import { tableLines } from './table.ts'
import { plainText, printable, type Terminal } from './terminal.ts'
import { wrapped } from './text.ts'
import { exampleOf } from './tool-arguments.ts'

/** What a tool is for, what it takes, and the line that calls it: by its id where that was `said`, for another may have its name. */
export function printTool(tool: Json, out: Terminal, said: string): void {
  const { id } = tool
  const name = plainText(tool['name'])
  const called = said === id ? said : name
  out.print(out.bold(name))
  const description = printable(typeof tool['description'] === 'string' ? tool['description'] : '').trim()
  for (const line of description.split('\n')) if (description !== '') printLines(line, out)
  const parameters = parametersOf(tool['inputSchema'])
  if (parameters.length === 0) return out.print(`\nIt takes no arguments: causeway call ${called}`)
  out.print('')
  const rows = parameters.map((one) => [
    plainText(one.name),
    typeText(one),
    one.required ? 'required' : one.default === undefined ? '' : `= ${plainText(JSON.stringify(one.default))}`,
    one.description,
  ])
  for (const line of tableLines(['ARGUMENT', 'TYPE', '', 'DESCRIPTION'], rows, out)) out.print(line)
  const usage = parameters.map((one) => {
    const given = `--arg ${exampleOf(one)}`
    return one.required ? given : `[${given}]`
  })
  out.print(`\n${out.bold('Usage:')} causeway call ${[called, ...usage].join(' ')}`)
}

function printLines(text: string, out: Terminal): void {
  for (const line of out.isTTY ? wrapped(text, out.columns) : [text]) out.print(line)
}

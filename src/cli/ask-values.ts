import { CliError } from './cli-error.ts'
import { typeText, type Parameter } from './input-schema.ts'
import type { Keyboard } from './keyboard.ts'
import { plainText, type Terminal } from './terminal.ts'
import { valueJson } from './tool-arguments.ts'

/** Asks for each parameter until it is right; what is left out is absent. JSON texts by name. */
export async function askValues(
  parameters: readonly Parameter[],
  { out, keyboard }: { readonly out: Terminal; readonly keyboard: Keyboard },
): Promise<ReadonlyMap<string, string>> {
  const answers = new Map<string, string>()
  for (const parameter of parameters) {
    for (const line of introduction(parameter, out)) out.note(line)
    const json = await askOne(parameter, { out, keyboard })
    if (json !== undefined) answers.set(parameter.name, json)
  }
  return answers
}

function introduction({ name, description, required, choices, ...shape }: Parameter, out: Terminal): readonly string[] {
  const kind = choices === null ? typeText({ ...shape, choices }) : 'one of'
  const listed = (choices ?? []).map(
    ({ value, title }, at) => `  ${at + 1}) ${plainText(value)}${title === '' ? '' : `  ${out.dim(title)}`}`,
  )
  const about = description === '' ? '' : `  ${description}`
  return [`${out.bold(plainText(name))} (${kind}${required ? '' : ', optional'})${about}`, ...listed]
}

async function askOne(
  parameter: Parameter,
  { out, keyboard }: { readonly out: Terminal; readonly keyboard: Keyboard },
): Promise<string | undefined> {
  const { name, required, default: fallback } = parameter
  const shown = fallback === undefined ? '' : ` [${plainText(fallback)}]`
  for (;;) {
    const text = await keyboard.ask(`  ${plainText(name)}${shown}: `)
    if (text === '' && fallback !== undefined) return JSON.stringify(fallback)
    if (text === '' && !required) return undefined
    try {
      if (text !== '') return answered(parameter, text)
      out.note(`  ${plainText(name)} is needed`)
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      out.note(`  ${error.message}`)
    }
  }
}

/** The value, or the number that stands before it in the list. */
function answered({ name, choices, types, items }: Parameter, text: string): string {
  const chosen = choices?.[Number(text) - 1]
  const isValue = choices?.some(({ value }) => value === text || JSON.stringify(value) === text) === true
  if (chosen !== undefined && !isValue) return JSON.stringify(chosen.value)
  const isList = types.includes('array') && !types.includes('string') && !text.startsWith('[')
  if (!isList) return valueJson(name, text, { types, choices })
  return `[${text
    .split(',')
    .map((each) => valueJson(name, each.trim(), items))
    .join(',')}]`
}

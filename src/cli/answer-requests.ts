import { isObject } from '#/lib/is-object.ts'
import type { Json } from './api.ts'
import { askValues } from './ask-values.ts'
import { CliError } from './cli-error.ts'
import { parametersOf } from './input-schema.ts'
import { isYes, type Keyboard } from './keyboard.ts'
import { plainText, printable, type Terminal } from './terminal.ts'
import { argumentsJson } from './tool-arguments.ts'

interface Person {
  readonly out: Terminal
  readonly keyboard: Keyboard
}

/** What a tool may ask of this client: questions, where somebody can answer them. */
export const capabilitiesOf = (keyboard: Keyboard): Json =>
  keyboard.present ? { elicitation: { form: {}, url: {} } } : {}

/** Answers what a tool wants to know before it goes on (MCP 2026-07-28, `input_required`); the params to say again with the call. */
export async function answeredParams(result: Json, person: Person): Promise<ReadonlyMap<string, string>> {
  const requests = isObject(result['inputRequests']) ? result['inputRequests'] : {}
  const answers: string[] = []
  for (const [key, request] of Object.entries(requests))
    answers.push(`${JSON.stringify(key)}:${await answerOne(isObject(request) ? request : {}, person)}`)
  const state = result['requestState']
  return new Map([
    ['inputResponses', `{${answers.join(',')}}`],
    ...(typeof state === 'string' ? ([['requestState', JSON.stringify(state)]] as const) : []),
  ])
}

async function answerOne({ method, params }: Json, person: Person): Promise<string> {
  if (method !== 'elicitation/create')
    throw new CliError(`the tool asks for ${plainText(method)}, which a terminal cannot answer`, {
      code: 'needs_client_input',
    })
  const asked = isObject(params) ? params : {}
  person.out.note(printable(typeof asked['message'] === 'string' ? asked['message'] : 'The tool asks:'))
  return asked['mode'] === 'url' ? await visit(asked, person) : await fillIn(asked, person)
}

async function visit({ url }: Json, { out, keyboard }: Person): Promise<string> {
  out.note(`  ${plainText(url)}`)
  const done = await keyboard.ask('  Open it in a browser; done? [y/N] ')
  return isYes(done) ? '{"action":"accept"}' : '{"action":"decline"}'
}

async function fillIn({ requestedSchema }: Json, { out, keyboard }: Person): Promise<string> {
  const parameters = parametersOf(requestedSchema)
  const goOn = await keyboard.ask(
    `  Answer${parameters.length > 0 ? ` (${parameters.length} to fill in)` : ''}? [Y/n] `,
  )
  if (goOn !== '' && !isYes(goOn)) return '{"action":"decline"}'
  return `{"action":"accept","content":${argumentsJson(await askValues(parameters, { out, keyboard }))}}`
}

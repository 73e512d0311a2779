import type { CatalogPrompt } from '#/catalog/model.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { fillIn } from '#/lib/text-template.ts'

interface Said {
  readonly description?: string
  readonly arguments?: readonly { readonly name: string; readonly required?: boolean }[]
}

/** A GetPromptResult from a stored text. Without any arguments the text is given as it is stored. */
export function renderPrompt(prompt: CatalogPrompt, argumentsJson: Buffer | undefined): Record<string, unknown> {
  const said = JSON.parse(prompt.definition) as Said
  const template = prompt.local ?? ''
  const text = argumentsJson === undefined ? template : fillIn(template, valuesOf(said, argumentsJson))
  const description = prompt.customDescription ?? said.description
  return {
    ...(description === undefined ? {} : { description }),
    messages: [{ role: 'user', content: { type: 'text', text } }],
  }
}

function valuesOf(said: Said, argumentsJson: Buffer): ReadonlyMap<string, string> {
  const given = Object.entries(Object(JSON.parse(argumentsJson.toString('utf8'))) as Record<string, unknown>)
  const values = new Map(given.map(([name, value]) => [name, textOf(name, value)]))
  for (const { name, required } of said.arguments ?? []) {
    if (values.has(name)) continue
    if (required === true) throw wrong(name, 'is required')
    values.set(name, '')
  }
  return values
}

function textOf(name: string, value: unknown): string {
  if (typeof value !== 'string') throw wrong(name, 'must be a text')
  return value
}

function wrong(name: string, why: string): GatewayError {
  return new GatewayError('invalid_field', `params.arguments.${name}: ${why}`, { field: `params.arguments.${name}` })
}

import { tagsOf } from '#/api/tags.ts'
import { assignNames } from '#/catalog/names.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { placesOf, unreadable } from '#/lib/text-template.ts'
import type { Prompt, PromptChange } from './prompt.ts'
import type { PromptCreate, PromptUpdate } from './prompt-input.ts'

const nameOf = (gatewaySlug: string | null, customName: string): string =>
  assignNames([{ gatewayName: gatewaySlug, customName }], new Set())[0] ?? customName

/** The first state of a prompt whose text is stored here. */
export function newPrompt(body: PromptCreate): PromptChange {
  const { name, template, displayName, tags = [] } = body
  const customName = body.customName ?? name
  return {
    originalName: name,
    customName,
    name: nameOf(null, customName),
    displayName: displayName ?? name,
    template: readable(template),
    definition: define(name, { ...body, template }, NOTHING_SAID),
    tags: tagsOf(tags),
  }
}

/** What a body changes of a prompt. What an MCP server says of its own is not ours to change: such fields do nothing there. */
export function changedPrompt(prompt: Prompt, body: PromptUpdate): PromptChange {
  const { customName, displayName, tags } = body
  const renamed = customName !== undefined && customName !== prompt.customName
  return {
    ...(renamed ? { customName, name: nameOf(prompt.gatewaySlug, customName) } : {}),
    ...(displayName === undefined ? {} : { displayName }),
    ...(tags === undefined ? {} : { tags: tagsOf(tags) }),
    ...(prompt.template === null ? said(body) : redeclared(prompt, prompt.template, body)),
  }
}

function said({ title, description }: PromptUpdate): PromptChange {
  return {
    ...(title === undefined ? {} : { customTitle: title }),
    ...(description === undefined ? {} : { customDescription: description }),
  }
}

function redeclared(prompt: Prompt, before: string, body: PromptUpdate): PromptChange {
  const template = body.template == null ? before : readable(body.template)
  const definition = define(prompt.originalName, { ...body, template }, JSON.parse(prompt.definition) as Said)
  return { template, definition }
}

interface Argument {
  readonly name: string
  readonly description?: string | null | undefined
  readonly required?: boolean | null | undefined
}

interface Said {
  readonly title?: string | null | undefined
  readonly description?: string | null | undefined
  readonly arguments?: readonly Argument[] | null | undefined
}

const NOTHING_SAID: Said = {}

/** The definition as a server would give it. What the text asks for is an argument, whether it is declared or not. */
function define(name: string, body: Said & { readonly template: string }, was: Said): string {
  const places = placesOf(body.template)
  const declared = body.arguments === undefined ? (was.arguments ?? []) : (body.arguments ?? [])
  const kept = declared.map(({ name: argument, description, required }) => ({
    name: argument,
    ...(description == null ? {} : { description }),
    required: required === true || places.includes(argument),
  }))
  const found = places.filter((place) => !declared.some((argument) => argument.name === place))
  const definition = {
    name,
    title: body.title === undefined ? was.title : body.title,
    description: body.description === undefined ? was.description : body.description,
    arguments: [...kept, ...found.map((place) => ({ name: place, required: true }))],
  }
  return JSON.stringify(Object.fromEntries(Object.entries(definition).filter(([, value]) => value != null)))
}

function readable(template: string): string {
  const problem = unreadable(template)
  if (problem === null) return template
  throw new GatewayError(
    'invalid_field',
    `template: only {{ name }} is filled in; statements, filters and comments are not known (${problem})`,
    { field: 'template' },
  )
}

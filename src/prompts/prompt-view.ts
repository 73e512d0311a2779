import { Type } from '#/api/type.ts'
import { exactJson } from '#/lib/exact-json.ts'
import { auditFields } from '#/api/provenance.ts'
import { TagView } from '#/api/tags.ts'
import { slugify } from '#/lib/slug.ts'
import type { Prompt } from './prompt.ts'

interface Definition {
  readonly title?: unknown
  readonly description?: unknown
  readonly arguments?: unknown
  readonly _meta?: unknown
}

interface Argument {
  readonly name?: unknown
  readonly description?: unknown
  readonly required?: unknown
}

/** A prompt as clients see it: every field always there, in this order. The text of what an upstream offers stays there. */
export function promptView(prompt: Prompt): Record<string, unknown> {
  const said = exactJson(prompt.definition) as Definition
  return {
    id: prompt.id,
    name: prompt.name,
    originalName: prompt.originalName,
    customName: prompt.customName,
    customNameSlug: slugify(prompt.customName),
    displayName: prompt.displayName,
    gatewayId: prompt.gatewayId,
    gatewaySlug: prompt.gatewaySlug,
    description: prompt.customDescription ?? said.description ?? null,
    template: prompt.template ?? '',
    arguments: Array.isArray(said.arguments) ? said.arguments.map(argumentView) : [],
    createdAt: prompt.createdAt,
    updatedAt: prompt.updatedAt,
    enabled: prompt.enabled,
    tags: prompt.tags,
    metrics: null,
    ...auditFields({ ...prompt, federationSource: prompt.gatewayName }),
    teamId: prompt.teamId,
    team: null,
    ownerEmail: prompt.ownerEmail,
    visibility: prompt.visibility,
    title: prompt.customTitle ?? said.title ?? null,
    _meta: said._meta ?? null,
  }
}

function argumentView(argument: Argument): Record<string, unknown> {
  return {
    name: argument.name,
    description: argument.description ?? null,
    required: argument.required === true,
  }
}

const Text = Type.Union([Type.String(), Type.Null()])

export const PromptView = Type.Object(
  {
    id: Type.String(),
    name: Type.String({ description: 'What clients of the aggregate call it' }),
    originalName: Type.String(),
    customName: Type.String(),
    displayName: Text,
    gatewayId: Text,
    gatewaySlug: Text,
    description: Text,
    arguments: Type.Array(Type.Object({ name: Type.String(), description: Text, required: Type.Boolean() })),
    createdAt: Type.String({ format: 'date-time' }),
    updatedAt: Type.String({ format: 'date-time' }),
    enabled: Type.Boolean(),
    tags: Type.Array(TagView),
    version: Type.Integer(),
    ownerEmail: Text,
    visibility: Type.String(),
    title: Text,
  },
  { title: 'Prompt' },
)

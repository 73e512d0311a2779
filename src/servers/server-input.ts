import type { Static } from 'typebox'
import { Type } from '#/api/type.ts'
import { TeamInput, VisibilityInput } from '#/api/items.ts'
import { TagsInput } from '#/api/tags.ts'

const Text = (maxLength: number) => Type.Optional(Type.Union([Type.String({ maxLength }), Type.Null()]))
const Ids = (what: string) =>
  Type.Optional(
    Type.Union([Type.Array(Type.String(), { maxItems: 10_000 }), Type.String({ maxLength: 400_000 }), Type.Null()], {
      description: `Ids of ${what}, as a list or one comma text`,
    }),
  )

const OfferedName = Type.String({
  pattern: '^[A-Za-z0-9_.-]{1,64}$',
  description: "1 to 64 letters, digits, '_', '.' and '-'",
})
const Override = Type.Object({
  name: Type.Optional(Type.Union([OfferedName, Type.Null()])),
  description: Type.Optional(Type.Union([Type.String({ maxLength: 8192 }), Type.Null()])),
})
const Overrides = (what: string) =>
  Type.Optional(
    Type.Union([Type.Record(Type.String(), Type.Union([Override, Type.Null()])), Type.Null()], {
      description: `What this server calls its ${what} and says of them, by id; null gives back their own`,
    }),
  )

const Name = Type.String({ minLength: 1, maxLength: 255 })

const fields = {
  description: Text(8192),
  icon: Type.Optional(Type.Union([Type.String({ maxLength: 2048, description: 'http:// or https://' }), Type.Null()])),
  tags: Type.Optional(TagsInput),
  visibility: Type.Optional(VisibilityInput),
  teamId: TeamInput,
  associatedTools: Ids('tools'),
  associatedPrompts: Ids('prompts'),
  associatedResources: Ids('resources'),
  associatedToolOverrides: Overrides('tools'),
  associatedPromptOverrides: Overrides('prompts'),
  associatedResourceOverrides: Overrides('resources'),
}

export const ServerCreate = Type.Object({
  id: Type.Optional(
    Type.Union([Type.String(), Type.Null()], { description: 'An id of your own, with or without dashes' }),
  ),
  name: Name,
  ...fields,
})
export type ServerCreate = Static<typeof ServerCreate>

export const ServerUpdate = Type.Object({ name: Type.Optional(Name), ...fields })
export type ServerUpdate = Static<typeof ServerUpdate>

import type { Static } from 'typebox'
import { Type } from '#/api/type.ts'
import { ItemUpdateFields, OptionalText } from '#/api/items.ts'

const Argument = Type.Object({
  name: Type.String({
    minLength: 1,
    maxLength: 128,
    pattern: '^[A-Za-z_][\\w-]*$',
    description: "letters, digits, '_' and '-'",
  }),
  description: OptionalText(1024),
  required: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
})
const Arguments = Type.Optional(
  Type.Union([Type.Array(Argument, { maxItems: 100 }), Type.Null()], {
    description: 'What the template asks for; one that it uses is required',
  }),
)
const Template = Type.String({ minLength: 1, maxLength: 65_536, description: 'The text; {{ name }} is an argument' })

export const PromptCreate = Type.Object({
  name: Type.String({
    minLength: 1,
    maxLength: 255,
    pattern: '^[a-zA-Z0-9_.\\- ]+$',
    description: "letters, digits, spaces, '_', '.' and '-'",
  }),
  template: Template,
  customName: OptionalText(255),
  displayName: OptionalText(255),
  arguments: Arguments,
  ...ItemUpdateFields,
})
export type PromptCreate = Static<typeof PromptCreate>

export const PromptUpdate = Type.Object({
  customName: Type.Optional(
    Type.String({ minLength: 1, maxLength: 255, description: "Changes the prompt's computed name" }),
  ),
  displayName: OptionalText(255),
  template: Type.Optional(Type.Union([Type.String({ maxLength: 65_536 }), Type.Null()])),
  arguments: Arguments,
  ...ItemUpdateFields,
})
export type PromptUpdate = Static<typeof PromptUpdate>

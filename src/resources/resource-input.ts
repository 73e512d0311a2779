import type { Static } from 'typebox'
import { Type } from '#/api/type.ts'
import { ItemUpdateFields, OptionalText } from '#/api/items.ts'

const Uri = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: '^[^<>"\'\\\\\\s]+$',
  description: 'a URI without blanks, quotes, angle brackets and backslashes',
})
const Name = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: '^[a-zA-Z0-9_.\\- ]+$',
  description: "letters, digits, spaces, '_', '.' and '-'",
})

const fields = {
  mimeType: OptionalText(255, 'text/plain unless said'),
  uriTemplate: OptionalText(255, 'A URI template (RFC 6570): whatever matches it is answered with the content'),
  ...ItemUpdateFields,
}

export const ResourceCreate = Type.Object({
  uri: Uri,
  name: Name,
  content: Type.String({ description: 'The text, at most 102400 bytes' }),
  ...fields,
})
export type ResourceCreate = Static<typeof ResourceCreate>

export const ResourceUpdate = Type.Object({
  uri: Type.Optional(Uri),
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
  content: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  ...fields,
})
export type ResourceUpdate = Static<typeof ResourceUpdate>

import { Type } from './type.ts'

export interface Tag {
  /** Normalised: what filters compare. */
  readonly id: string
  /** As it was written. */
  readonly label: string
}

export const TagView = Type.Object({ id: Type.String(), label: Type.String() })

/** Tags as clients write them: texts (commas separate), or objects with a label. */
export const TagsInput = Type.Array(
  Type.Union([
    Type.String({ maxLength: 1000 }),
    Type.Object({ id: Type.Optional(Type.String()), label: Type.Optional(Type.String({ maxLength: 100 })) }),
  ]),
  { maxItems: 100 },
)

type TagInput = string | { readonly id?: string | undefined; readonly label?: string | undefined }

const FORM = /^[a-z0-9]([a-z0-9\-:.]*[a-z0-9])?$/

/** Texts become tags: lower case, blanks and `_` as `-`, 2 to 100 characters; others are dropped, doubles once. */
export function tagsOf(input: readonly TagInput[]): readonly Tag[] {
  const tags = new Map<string, Tag>()
  for (const label of input.flatMap(labelsOf)) {
    const id = label.toLowerCase().replace(/[\s_]+/g, '-')
    if (id.length >= 2 && id.length <= 100 && FORM.test(id) && !tags.has(id)) tags.set(id, { id, label })
  }
  return [...tags.values()]
}

function labelsOf(entry: TagInput): readonly string[] {
  const text = typeof entry === 'string' ? entry : (entry.label ?? entry.id ?? '')
  return text.split(',').map((part) => part.trim())
}

/** `tags` of a list: a comma list, any of which suffices. */
export function tagFilter(text: string | undefined): readonly string[] | null {
  if (text === undefined) return null
  return tagsOf([text]).map((tag) => tag.id)
}

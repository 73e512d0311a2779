import { nearest } from '#/lib/nearest.ts'

/** What a setting that has fields may say in each: a text, texts, texts by names, or one of some words. */
export type Fields = Readonly<Record<string, 'text' | 'texts' | 'map of texts' | readonly string[]>>

export interface Given {
  readonly texts: Readonly<Record<string, string>>
  readonly lists: Readonly<Record<string, readonly string[]>>
  readonly maps: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
}

interface Reading {
  readonly fields: Fields
  readonly problems: string[]
}

/** The fields of a setting; each that is wrong or unknown is a problem with its name. */
export function givenFields(
  name: string,
  said: Readonly<Record<string, unknown>>,
  { fields, problems }: Reading,
): Given {
  const texts: Record<string, string> = {}
  const lists: Record<string, readonly string[]> = {}
  const maps: Record<string, Readonly<Record<string, readonly string[]>>> = {}
  const wrong = (field: string, must: string): void => void problems.push(`${name}: ${field} must be ${must}`)
  for (const [field, value] of Object.entries(said)) {
    const form = Object.hasOwn(fields, field) ? fields[field] : undefined
    if (form === undefined) problems.push(unknown(name, field, fields))
    else if (form === 'texts') {
      const list = textsIn(value)
      if (list === null) wrong(field, 'a list of texts')
      else lists[field] = list
    } else if (form === 'map of texts') {
      const map = mapIn(value)
      if (map === null) wrong(field, 'a map of names to lists of texts')
      else maps[field] = map
    } else if (typeof value !== 'string' || value === '' || value.length > 2048) wrong(field, 'a text')
    else if (form !== 'text' && !form.includes(value)) wrong(field, `one of ${form.join(', ')}`)
    else texts[field] = value
  }
  return { texts, lists, maps }
}

function unknown(name: string, field: string, fields: Fields): string {
  const meant = nearest(field, Object.keys(fields))
  const hint = meant === null ? `it has ${Object.keys(fields).join(', ')}` : `did you mean ${meant}?`
  return `${name} has no ${JSON.stringify(field)}: ${hint}`
}

/** One text stands for a list of it. */
function textsIn(value: unknown): readonly string[] | null {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.every((one): one is string => typeof one === 'string' && one !== '') ? list : null
}

function mapIn(value: unknown): Readonly<Record<string, readonly string[]>> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const entries = Object.entries(value).map(([key, one]) => [key, textsIn(one)] as const)
  if (entries.some(([, list]) => list === null)) return null
  return Object.fromEntries(entries) as Record<string, readonly string[]>
}

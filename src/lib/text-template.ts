/** `{{ name }}`, and what only looks like more than that. */
const PLACE = /\{\{\s*([A-Za-z_][\w-]*)\s*\}\}/g
const STATEMENT = /\{%|\{#|\{\{/

/** The names that a text asks for, each once, in order. */
export function placesOf(text: string): readonly string[] {
  return [...new Set([...text.matchAll(PLACE)].map(([, name = '']) => name))]
}

/** What of a text is no plain `{{ name }}`, where something begins like one; null: it can be filled in. */
export function unreadable(text: string): string | null {
  const rest = text.replaceAll(PLACE, '')
  const found = STATEMENT.exec(rest)
  return found === null ? null : rest.slice(found.index, found.index + 40)
}

/** The text with each place filled in; what has no value stays as it is. What is filled in is not read again. */
export function fillIn(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(PLACE, (place, name: string) => values.get(name) ?? place)
}

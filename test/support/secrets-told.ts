import type { Testimony } from './witness.ts'

/** A secret that came out, and where: itself it is not repeated. */
export interface Told {
  readonly what: string
  readonly where: string
  /** What stands before it. */
  readonly after: string
}

/** As it is, and as it looks within a JSON text and within a URL. */
function formsOf(text: string): readonly string[] {
  return [...new Set([text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text)])]
}

/** Every secret of a gateway that stands in what it said. */
export function secretsTold({ secrets, said }: Testimony): readonly Told[] {
  const told: Told[] = []
  for (const { what, text: secret } of secrets)
    for (const form of formsOf(secret))
      for (const { where, text } of said) {
        const at = text.indexOf(form)
        if (at >= 0) told.push({ what, where, after: text.slice(Math.max(0, at - 60), at) })
      }
  return told
}

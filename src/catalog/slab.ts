import type { Era } from '#/mcp/revision.ts'
import { renameDefinition } from '#/mcp/definitions.ts'
import { pace } from '#/lib/pace.ts'
import type { Line, Stretch } from './line.ts'

/** The lines of a stretch as JSON, one after the other, each with a comma behind it. */
export interface Slab {
  readonly bytes: Buffer
  /** Where line i begins is where line i−1 ends. */
  readonly ends: Uint32Array
}

export async function buildSlab(stretch: Stretch, era: Era): Promise<Slab> {
  const slice = pace()
  const ends = new Uint32Array(stretch.size)
  const fragments: Buffer[] = []
  let end = 0
  for (let index = 0; index < stretch.size; index++) {
    const line = stretch.line(index)
    const text = line?.item.enabled === true ? fragmentOf(line, era) : undefined
    if (text !== undefined) {
      const fragment = Buffer.from(`${text},`)
      fragments.push(fragment)
      end += fragment.length
    }
    ends[index] = end
    if (slice.due()) await slice.rest()
  }
  return { bytes: Buffer.concat(fragments, end), ends }
}

/** Undefined: a definition that two parsers could read differently is shown to nobody. */
function fragmentOf({ item, name, description }: Line, era: Era): string | undefined {
  const renamed = renameDefinition(item.definition, { name: name ?? null, title: item.customTitle, description }, era)
  return renamed.ok ? renamed.text : undefined
}
